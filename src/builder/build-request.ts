/** What a client asks of `POST /build`, and how its query says it (Engine API, ImageBuild). */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { Query } from '#kit/http/query.ts'
import { familiarReference, formatReference, parseReference, withDefaultTag } from '#spec/oci/reference.ts'
import { parsePlatform } from '#spec/oci/platform.ts'
import { invalidRequest } from './errors.ts'
import type { RegistryCredentials, StepSurroundings, Ulimit } from './ports.ts'

export interface BuildRequest {
  /** Path of the Dockerfile in the context; empty: `Dockerfile`, else `dockerfile`. */
  readonly dockerfile: string
  /** Complete references to point at the result, each once. */
  readonly tags: readonly string[]
  readonly remote: string
  readonly quiet: boolean
  readonly noCache: boolean
  readonly pull: boolean
  readonly remove: boolean
  readonly forceRemove: boolean
  /** Null: named, but without a value. */
  readonly buildArgs: Readonly<Record<string, string | null>>
  readonly labels: Readonly<Record<string, string>>
  readonly cacheFrom: readonly string[]
  readonly target: string
  readonly platform: string
  readonly surroundings: StepSurroundings
  readonly credentials: RegistryCredentials
  /** Names the build for `POST /build/cancel`. */
  readonly buildId: string
}

/** Decodes the query. Throws `invalid` with Docker's messages. */
export function decodeBuildRequest(query: Query, credentials: RegistryCredentials = {}): BuildRequest {
  refuseUnsupported(query)
  const text = (key: string): string => query.get(key) ?? ''
  return {
    dockerfile: text('dockerfile'),
    tags: decodeTags(query.all('t')),
    remote: text('remote'),
    quiet: query.flag('q'),
    noCache: query.flag('nocache'),
    pull: query.flag('pull'),
    remove: query.flag('forcerm') || query.flag('rm', true),
    forceRemove: query.flag('forcerm'),
    buildArgs: stringMap(text('buildargs'), 'build args', true),
    labels: stringMap(text('labels'), 'labels', false) as Record<string, string>,
    cacheFrom: stringList(text('cachefrom')),
    target: text('target'),
    platform: decodePlatform(text('platform')),
    surroundings: decodeSurroundings(query),
    credentials,
    buildId: text('buildid'),
  }
}

function refuseUnsupported(query: Query): void {
  const version = query.get('version') ?? ''
  if (version !== '' && version !== '1') {
    if (version !== '2') throw invalidRequest(`invalid version "${version}"`)
    throw new GantryError(
      'BUILD_VERSION_UNSUPPORTED',
      'not-implemented',
      'version 2 (BuildKit) is not served at this endpoint',
      {
        remedy: 'Set DOCKER_BUILDKIT=0, or leave out version=2.',
      },
    )
  }
  if (query.flag('squash'))
    throw invalidRequest('squash is only supported with experimental mode', 'Leave out --squash.')
  const securityOptions = query.all('securityopt')
  if (securityOptions.some((option) => option !== '' && option !== '[]' && option !== 'null')) {
    throw invalidRequest('The daemon on this platform does not support setting security options on build')
  }
  const isolation = query.get('isolation') ?? ''
  if (isolation !== '' && isolation.toLowerCase() !== 'default')
    throw invalidRequest(`Unsupported isolation: "${isolation}"`)
}

function decodeTags(texts: readonly string[]): string[] {
  const tags = new Map<string, string>()
  for (const text of texts) {
    if (text === '') continue
    const reference = parseReference(text)
    if (reference.digest !== undefined) throw invalidRequest('build tag cannot contain a digest')
    const complete = withDefaultTag(reference)
    tags.set(formatReference(complete), formatReference(complete))
  }
  return [...tags.values()]
}

/** A tag as the client reads it after the build (`cw-b:latest`). */
export function familiarTag(reference: string): string {
  return familiarReference(parseReference(reference))
}

function decodePlatform(text: string): string {
  if (text === '') return ''
  const parts = text.split('/')
  if (parts.length > 3) throw invalidRequest(`"${text}": cannot parse platform specifier: invalid argument`)
  parsePlatform(text)
  return text
}

function decodeSurroundings(query: Query): StepSurroundings {
  const number = (key: string): number => looseInteger(query.get(key) ?? '')
  return {
    networkMode: query.get('networkmode') ?? '',
    extraHosts: query
      .all('extrahosts')
      .flatMap((value) => (value.startsWith('[') ? stringList(value) : value.split(',')))
      .filter((host) => host !== ''),
    shmSizeBytes: strictInteger(query.get('shmsize') ?? ''),
    memoryBytes: number('memory'),
    memorySwapBytes: number('memswap'),
    cpuShares: number('cpushares'),
    cpuPeriodUs: number('cpuperiod'),
    cpuQuotaUs: number('cpuquota'),
    cpusetCpus: query.get('cpusetcpus') ?? '',
    cpusetMems: query.get('cpusetmems') ?? '',
    cgroupParent: query.get('cgroupparent') ?? '',
    ulimits: decodeUlimits(query.get('ulimits') ?? ''),
  }
}

/** Docker reads these with a zero for whatever is no number. */
function looseInteger(text: string): number {
  const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : 0
  return Number.isSafeInteger(value) ? value : 0
}

function strictInteger(text: string): number {
  if (text === '') return 0
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw invalidRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

function decodeUlimits(text: string): Ulimit[] {
  if (text === '') return []
  const value = parseJson(text, 'error reading ulimit settings: ')
  if (value === null) return []
  if (!Array.isArray(value))
    throw invalidRequest('error reading ulimit settings: json: cannot unmarshal into Go value of type []*units.Ulimit')
  return value.map((item: unknown) => {
    const { Name, Soft, Hard } = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>
    if (typeof Name !== 'string' || typeof Soft !== 'number' || typeof Hard !== 'number') {
      throw invalidRequest('error reading ulimit settings: each needs Name, Soft and Hard')
    }
    return { Name, Soft, Hard }
  })
}

function stringMap(text: string, what: string, nulls: boolean): Record<string, string | null> {
  if (text === '') return {}
  const value = parseJson(text, `error reading ${what}: `)
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw invalidRequest(
      `error reading ${what}: json: cannot unmarshal ${goTypeOf(value)} into Go value of type map[string]string`,
    )
  const entries = Object.entries(value).flatMap(([key, item]): [string, string | null][] => {
    if (typeof item === 'string') return [[key, item]]
    if (item === null) return [[key, nulls ? null : '']]
    throw invalidRequest(`error reading ${what}: json: cannot unmarshal ${goTypeOf(item)} into Go value of type string`)
  })
  return Object.fromEntries(entries)
}

function stringList(text: string): string[] {
  if (text === '') return []
  const value = parseJson(text, '')
  if (value === null) return []
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw invalidRequest(`json: cannot unmarshal ${goTypeOf(value)} into Go value of type []string`)
  return value
}

function parseJson(text: string, prefix: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const first = text.trimStart()[0] ?? ''
    const why = /^["[{\dtfn-]/.test(first)
      ? messageOf(error)
      : `invalid character '${first}' looking for beginning of value`
    throw new GantryError('BUILD_REQUEST_INVALID', 'invalid', prefix + why, { cause: error, remedy: 'Send JSON.' })
  }
}

function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
