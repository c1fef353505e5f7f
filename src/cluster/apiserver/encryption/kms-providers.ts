/** The KMS providers of an encryption configuration: opened, looked after, and ended when the configuration has them no more. */
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import type { EncryptionConfig, KmsProvider } from './encryption-config.ts'
import { KmsKeys } from './kms-keys.ts'
import { KmsMeter } from './kms-meter.ts'
import { type ConnectKms, KmsPlugin } from './kms-plugin.ts'

export interface KmsDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Reaches plugins; without it none can be used. */
  readonly connect: ConnectKms | undefined
}

interface Open {
  readonly provider: KmsProvider
  readonly keys: KmsKeys
  readonly scope: AsyncDisposableStack
}

/** The KMS providers that a configuration names. */
export function kmsProvidersOf({ resources }: EncryptionConfig): readonly KmsProvider[] {
  return resources.flatMap(({ providers }) => providers.flatMap(({ kms }) => kms ?? []))
}

const lookAgainMs = 500

export class KmsProviders implements AsyncDisposable {
  readonly #deps: KmsDeps
  readonly #open = new Map<string, Open>()
  /** Told when a plugin seals with another key from now on. */
  onKeyChange: () => void = () => {}

  constructor(deps: KmsDeps) {
    this.#deps = deps
  }

  /** Why some plugin is not healthy; undefined when all are. */
  get problem(): string | undefined {
    for (const { keys } of this.#open.values()) if (keys.problem !== undefined) return keys.problem
    return undefined
  }

  /** @throws for a provider that is not open. */
  keysOf(name: string): KmsKeys {
    const open = this.#open.get(name)
    if (open === undefined) throw new RangeError(`KMS provider ${name} is not open`)
    return open.keys
  }

  /** Opens what is new and asks it for the first time. Those that are not named any more go on until `retire`. */
  async use(config: EncryptionConfig): Promise<void> {
    for (const provider of kmsProvidersOf(config)) {
      const known = this.#open.get(provider.name)
      if (known !== undefined && isSame(known.provider, provider)) continue
      await this.#start(provider)
      await known?.scope.disposeAsync()
    }
  }

  /** Ends what the configuration does not name. */
  async retire(config: EncryptionConfig): Promise<void> {
    const names = new Set(kmsProvidersOf(config).map(({ name }) => name))
    for (const [name, { scope }] of this.#open) {
      if (names.has(name)) continue
      this.#open.delete(name)
      await scope.disposeAsync()
    }
  }

  /** Waits until all plugins are healthy, but no longer than that. */
  async arrive(patienceMs: number): Promise<void> {
    const { clock } = this.#deps
    const untilMs = clock.monotonicMs() + patienceMs
    while (this.problem !== undefined && clock.monotonicMs() < untilMs) await clock.sleep(lookAgainMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { scope } of this.#open.values()) await scope.disposeAsync()
    this.#open.clear()
  }

  async #start(provider: KmsProvider): Promise<void> {
    const { connect, clock, random, log, metrics } = this.#deps
    if (connect === undefined) {
      throw new GantryError(
        'APISERVER_KMS_UNREACHABLE',
        'unavailable',
        `nothing reaches KMS provider ${provider.name}`,
        {
          remedy: 'Use KMS providers where the server runs as a program.',
        },
      )
    }
    const scope = new AsyncDisposableStack()
    const meter = new KmsMeter(metrics, provider.name)
    const plugin = new KmsPlugin({ link: scope.use(connect(provider)), clock, random, meter })
    const onKeyChange = (): void => this.onKeyChange()
    const keys = scope.use(new KmsKeys(provider.name, { clock, random, log, plugin, meter, onKeyChange }))
    this.#open.set(provider.name, { provider, keys, scope })
    await keys.start()
  }
}

function isSame(one: KmsProvider, other: KmsProvider): boolean {
  return one.endpoint === other.endpoint && one.timeoutMs === other.timeoutMs
}
