/**
 * The image config document (OCI image spec, config.md, with Docker's additions), as types and a checked parser.
 * The bytes are what an image's id is the digest of: they are kept exactly as received, this is only a view of them.
 */
import { isDigest } from '#base/data/digest.ts'
import type { Digest } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'

export interface Healthcheck {
  readonly Test?: readonly string[]
  /** Durations in nanoseconds. */
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

/** What a container of the image runs with unless told otherwise. */
export interface ImageRunConfig {
  readonly Hostname?: string
  readonly Domainname?: string
  readonly User?: string
  readonly AttachStdin?: boolean
  readonly AttachStdout?: boolean
  readonly AttachStderr?: boolean
  readonly Tty?: boolean
  readonly OpenStdin?: boolean
  readonly StdinOnce?: boolean
  readonly Image?: string
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  readonly Env?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly ArgsEscaped?: boolean
  readonly Volumes?: Readonly<Record<string, object>> | null
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly OnBuild?: readonly string[] | null
  readonly StopSignal?: string
  readonly StopTimeout?: number
  readonly Shell?: readonly string[] | null
  readonly Healthcheck?: Healthcheck | null
}

export interface ImageHistoryEntry {
  /** RFC 3339. */
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  /** True for a step that made no layer. */
  readonly empty_layer?: boolean
}

export interface ImageConfig {
  readonly created?: string
  readonly author?: string
  readonly architecture: string
  readonly variant?: string
  readonly os: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
  readonly config?: ImageRunConfig
  readonly container?: string
  readonly container_config?: ImageRunConfig
  readonly docker_version?: string
  readonly comment?: string
  readonly parent?: string
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly Digest[] }
  readonly history?: readonly ImageHistoryEntry[]
}

/** Largest config accepted; real ones are a few kilobytes. */
export const imageConfigBytesMax: number = 8 * 1024 * 1024
/** Most layers of one image; the kernel's overlay stops at 500. */
export const imageLayersMax = 500

/**
 * Reads a config document. Throws `invalid` when it is no JSON object, names layers that are no digests, has more
 * layers than an overlay can stack, or has a field of the wrong type where the engine relies on it.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  if (bytes.byteLength > imageConfigBytesMax) throw invalidConfig(`config is larger than ${imageConfigBytesMax} bytes`)
  const value = parseObject(bytes)
  const rootfs = readRootfs(value['rootfs'] ?? { type: 'layers', diff_ids: [] })
  for (const field of textFields) if (!isTextOrNone(value[field])) throw invalidConfig(`${field} is not a string`)
  checkRunConfig(value['config'], 'config')
  checkHistory(value['history'])
  const config = value as unknown as ImageConfig
  return {
    ...config,
    architecture: config.architecture ?? '',
    os: config.os ?? '',
    rootfs,
  }
}

const textFields = [
  'created',
  'author',
  'architecture',
  'variant',
  'os',
  'comment',
  'docker_version',
  'container',
  'parent',
]

function readRootfs(rootfs: unknown): ImageConfig['rootfs'] {
  if (!isObject(rootfs)) throw invalidConfig('rootfs is not an object')
  const diffIds = rootfs['diff_ids'] ?? []
  if (!Array.isArray(diffIds) || !diffIds.every((id) => typeof id === 'string' && isDigest(id)))
    throw invalidConfig('rootfs.diff_ids is not a list of digests')
  if (diffIds.length > imageLayersMax)
    throw invalidConfig(`max depth exceeded: ${diffIds.length} layers, at most ${imageLayersMax} fit`)
  return { type: typeof rootfs['type'] === 'string' ? rootfs['type'] : 'layers', diff_ids: diffIds as Digest[] }
}

/** Serialises a config made here: stable field order, no insignificant space, so that equal configs have equal ids. */
export function encodeImageConfig(config: ImageConfig): Uint8Array {
  return Buffer.from(JSON.stringify(config))
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (error) {
    throw invalidConfig('not JSON', error)
  }
  if (!isObject(value)) throw invalidConfig('not a JSON object')
  return value
}

function checkRunConfig(value: unknown, where: string): void {
  if (isNone(value)) return
  if (!isObject(value)) throw invalidConfig(`${where} is not an object`)
  for (const field of ['Env', 'Cmd', 'Entrypoint', 'OnBuild', 'Shell'])
    if (!isTextListOrNone(value[field])) throw invalidConfig(`${where}.${field} is not a list of strings`)
  for (const field of ['Labels', 'Volumes', 'ExposedPorts', 'Healthcheck'])
    if (!isObject(value[field] ?? {})) throw invalidConfig(`${where}.${field} is not an object`)
  if (!Object.values(value['Labels'] ?? {}).every((label) => typeof label === 'string'))
    throw invalidConfig(`${where}.Labels is not a map of strings`)
  for (const field of ['User', 'WorkingDir', 'StopSignal'])
    if (!isTextOrNone(value[field])) throw invalidConfig(`${where}.${field} is not a string`)
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null
}

function isTextOrNone(value: unknown): boolean {
  return isNone(value) || typeof value === 'string'
}

function isTextListOrNone(value: unknown): boolean {
  return isNone(value) || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
}

function checkHistory(value: unknown): void {
  if (value === undefined || value === null) return
  if (!Array.isArray(value) || !value.every(isObject)) throw invalidConfig('history is not a list of objects')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalidConfig(why: string, cause?: unknown): GantryError {
  return new GantryError('IMAGE_CONFIG_INVALID', 'invalid', `invalid image config: ${why}`, {
    cause,
    remedy: 'The archive or registry delivered a damaged image; make or fetch it again.',
  })
}
