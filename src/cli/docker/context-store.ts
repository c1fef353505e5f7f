/** Named endpoints on disk, in the docker client's own format (see the tree in config-file.ts). */
import { digestHex, digestOf } from '#base/data/digest.ts'
import { errnoOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'
import { failure } from './exit.ts'

export interface DockerEndpoint {
  readonly Host?: string
  readonly SkipTLSVerify?: boolean
}

export interface ContextDocument {
  readonly Name: string
  readonly Metadata: { readonly Description?: string; readonly [key: string]: unknown }
  readonly Endpoints: Readonly<Record<string, DockerEndpoint>>
}

/** TLS material of one endpoint: file name to content. */
export type TlsFiles = Readonly<Record<string, string>>

export interface ContextStore {
  /** Where the store keeps a context's document and its TLS files. */
  paths(name: string): { readonly meta: string; readonly tls: string }
  /** Throws `context "x": context not found: …` when there is none. */
  read(name: string): Promise<ContextDocument>
  exists(name: string): Promise<boolean>
  list(): Promise<readonly ContextDocument[]>
  write(document: ContextDocument, tls?: TlsFiles): Promise<void>
  remove(name: string): Promise<void>
  tls(name: string): Promise<TlsFiles>
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/

/** What is wrong with a context's name, or undefined. */
export function contextNameProblem(name: string): string | undefined {
  if (name === '') return 'context name cannot be empty'
  if (name === 'default') return '"default" is a reserved context name'
  return namePattern.test(name)
    ? undefined
    : `context name "${name}" is invalid, names are validated against regexp "${namePattern.source}"`
}

/** The contexts of the configuration in `directory`. */
export function createContextStore(files: Files, directory: string): ContextStore {
  const root = `${directory}/contexts`
  const paths = (name: string): { meta: string; tls: string } => {
    const hex = digestHex(digestOf(name))
    return { meta: `${root}/meta/${hex}`, tls: `${root}/tls/${hex}` }
  }
  const readTree = async (path: string, prefix: string, into: Record<string, string>): Promise<void> => {
    for (const entry of await files.list(path)) {
      if (entry.type === 'directory') await readTree(`${path}/${entry.name}`, `${prefix}${entry.name}/`, into)
      else into[prefix + entry.name] = await files.readText(`${path}/${entry.name}`, { maxBytes: 1024 * 1024 })
    }
  }
  const store: ContextStore = {
    paths,
    async read(name) {
      const path = `${paths(name).meta}/meta.json`
      try {
        return JSON.parse(await files.readText(path)) as ContextDocument
      } catch (cause) {
        if (errnoOf(cause) !== 'ENOENT') throw cause
        throw failure(`context "${name}": context not found: open ${path}: no such file or directory`, cause)
      }
    },
    exists: (name) => files.exists(`${paths(name).meta}/meta.json`),
    async list() {
      if (!(await files.exists(`${root}/meta`))) return []
      const documents: ContextDocument[] = []
      for (const entry of await files.list(`${root}/meta`)) {
        const path = `${root}/meta/${entry.name}/meta.json`
        if (await files.exists(path)) documents.push(JSON.parse(await files.readText(path)) as ContextDocument)
      }
      return documents.toSorted((a, b) => (a.Name < b.Name ? -1 : 1))
    },
    async write(document, tls) {
      const { meta, tls: tlsPath } = paths(document.Name)
      await files.makeDirectory(meta, { recursive: true, mode: 0o755 })
      await files.replace(`${meta}/meta.json`, JSON.stringify(document), { mode: 0o644 })
      if (tls === undefined) return
      await files.remove(tlsPath, { recursive: true, force: true })
      for (const [name, content] of Object.entries(tls)) {
        if (name.split('/').includes('..')) throw failure(`unexpected path "${name}" in context`)
        const path = `${tlsPath}/${name}`
        await files.makeDirectory(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o700 })
        await files.write(path, content, { mode: 0o600 })
      }
    },
    async remove(name) {
      const { meta, tls } = paths(name)
      await files.remove(meta, { recursive: true, force: true })
      await files.remove(tls, { recursive: true, force: true })
    },
    async tls(name) {
      const into: Record<string, string> = {}
      const path = paths(name).tls
      if (await files.exists(path)) await readTree(path, '', into)
      return into
    },
  }
  return store
}
