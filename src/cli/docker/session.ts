/** One invocation: where it prints, which configuration and engine it uses. Everything is looked up on first use. */
import type { Writable } from 'node:stream'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { createEngineClient } from '#clients/docker/engine-client.ts'
import type { ListingShape, Row } from '#cli/output/listing.ts'
import type { CliIo } from './cli-io.ts'
import type { ConfigFile } from './config-file.ts'
import { configDirectory, readConfig, writeConfig } from './config-file.ts'
import type { ContextStore } from './context-store.ts'
import type { EndpointChoice, GlobalOptions } from './endpoint.ts'
import { exitWith } from './exit.ts'

export class Session {
  readonly io: CliIo
  readonly options: GlobalOptions
  readonly configDirectory: string
  private configured: Promise<ConfigFile> | undefined
  private connected: Promise<EngineClient> | undefined

  constructor(io: CliIo, options: GlobalOptions) {
    this.io = io
    this.options = options
    this.configDirectory = configDirectory(io, options.config)
  }

  config(): Promise<ConfigFile> {
    this.configured ??= readConfig(this.io, this.configDirectory)
    return this.configured
  }

  async saveConfig(config: ConfigFile): Promise<void> {
    await writeConfig(this.io, this.configDirectory, config)
    this.configured = Promise.resolve(config)
  }

  async contexts(): Promise<ContextStore> {
    const { createContextStore } = await import('./context-store.ts')
    return createContextStore(this.io.files, this.configDirectory)
  }

  /** The context in use and its host. */
  async endpoint(): Promise<EndpointChoice> {
    const { chosenContext, defaultHost } = await import('./endpoint.ts')
    const context = await chosenContext(this.io, this.options, async () => {
      const { currentContext = '' } = await this.config()
      return currentContext === '' ? 'default' : currentContext
    })
    if (context === 'default') return { context, host: await defaultHost(this.io, this.options) }
    const document = await (await this.contexts()).read(context)
    return { context, host: document.Endpoints['docker']?.Host ?? '' }
  }

  /** The engine; throws when the context cannot be resolved. */
  client(): Promise<EngineClient> {
    this.connected ??= this.connect()
    return this.connected
  }

  private async connect(): Promise<EngineClient> {
    const { openEndpoint } = await import('./endpoint.ts')
    let choice: EndpointChoice
    try {
      choice = await this.endpoint()
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause)
      throw exitWith(
        1,
        text.startsWith('conflicting') ? text : `Failed to initialize: unable to resolve docker endpoint: ${text}`,
        cause,
      )
    }
    const endpoint = await openEndpoint(this.io, choice, { options: this.options, contexts: () => this.contexts() })
    return createEngineClient(endpoint, this.io.env['DOCKER_API_VERSION'])
  }

  /** Prints to standard output; resolves when there is room for more. */
  print(text: string | Uint8Array): Promise<void> {
    return writeTo(this.io.terminal.stdout, text)
  }

  /** Prints to standard error. */
  warn(text: string | Uint8Array): Promise<void> {
    return writeTo(this.io.terminal.stderr, text)
  }

  /** Prints rows by the listing's format. Throws on a broken template. */
  async list(
    shape: ListingShape,
    rows: readonly Row[],
    request: { readonly format: string; readonly quiet?: boolean },
  ): Promise<void> {
    const { renderListing, templateFailure } = await import('#cli/output/listing.ts')
    try {
      await this.print(renderListing(shape, rows, request))
    } catch (error) {
      throw templateFailure(error)
    }
  }

  /** Columns of the terminal; 80 when there is none. */
  columns(): number {
    return this.io.terminal.size()?.columns ?? 80
  }
}

/** Writes and waits while the stream is full. */
export function writeTo(stream: Writable, text: string | Uint8Array): Promise<void> {
  if (text.length === 0 || stream.destroyed || stream.writableEnded) return Promise.resolve()
  if (stream.write(text)) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}
