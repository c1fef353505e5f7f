/** Counts and times requests under upstream's metric names; a request costs two look-ups, not the making of label texts. */
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'
import { isLongRunning } from './flow-control/take-turn.ts'
import type { ObjectCache } from './cache/object-cache.ts'
import type { RequestInfo } from './request-info.ts'
import type { ServedResources } from './served-resource.ts'
import { serverVersion } from './documents/server-version.ts'

const place = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component']
const requestsTotal = {
  name: 'apiserver_request_total',
  help: 'Requests by verb, group, version, resource, scope, component and status code.',
  labels: [...place, 'code'],
}
const durations = {
  name: 'apiserver_request_duration_seconds',
  help: 'Time from a request to its answer; requests that last as long as their client wants are left out.',
  labels: place,
}
const durationBounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 20, 30, 60]
const verbs: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT' }
const readingVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

const attempts = {
  name: 'authentication_attempts',
  help: 'Authentications by their result.',
  labels: ['result'],
}

interface Series {
  add(): void
  observe(seconds: number): void
}

interface MeterParts {
  readonly metrics: Metrics
  readonly clock: Clock
  readonly cache: ObjectCache
  readonly resources: ServedResources
}

/** The meter of one server. */
export class RequestMeter {
  readonly #parts: MeterParts
  readonly #series = new Map<string, Series>()
  readonly #inFlight = { mutating: 0, readOnly: 0 }
  readonly #longRunning = new Map<string, number>()
  readonly #attempts: Readonly<Record<'success' | 'failure', { readonly add: () => void }>>

  constructor(parts: MeterParts) {
    this.#parts = parts
    const { metrics } = parts
    const counter = metrics.counter(attempts)
    this.#attempts = { success: counter.bind({ result: 'success' }), failure: counter.bind({ result: 'failure' }) }
    metrics.observeAll(
      { name: 'apiserver_current_inflight_requests', help: 'Requests that run, by kind.', labels: ['request_kind'] },
      'gauge',
      () => Object.entries(this.#inFlight).map(([kind, count]) => [{ request_kind: kind }, count] as const),
    )
    metrics.observeAll(
      {
        name: 'apiserver_longrunning_requests',
        help: 'Watches and streams that are open.',
        labels: ['verb', 'resource', 'subresource'],
      },
      'gauge',
      () =>
        Array.from(this.#longRunning, ([key, count]) => {
          const [verb = '', resource = '', subresource = ''] = key.split(' ')
          return [{ verb, resource, subresource }, count] as const
        }),
    )
    metrics.observeAll(
      { name: 'apiserver_storage_objects', help: 'Stored objects by resource.', labels: ['resource'] },
      'gauge',
      () => storedObjects(parts),
    )
    const { major, minor, gitVersion, platform } = serverVersion as Readonly<Record<string, string>>
    const build = { major: major ?? '', minor: minor ?? '', git_version: gitVersion ?? '', platform: platform ?? '' }
    metrics.observeAll(
      { name: 'kubernetes_build_info', help: 'What this server is.', labels: Object.keys(build) },
      'gauge',
      () => [[build, 1]],
    )
  }

  /** A request begins; call the result with its status when it is over. */
  begin(info: RequestInfo): (code: number) => void {
    const startMs = this.#parts.clock.monotonicMs()
    if (isLongRunning(info)) return this.#beginLong(info)
    const kind = !info.isResource || readingVerbs.has(info.verb) ? 'readOnly' : 'mutating'
    this.#inFlight[kind]++
    return (code) => {
      this.#inFlight[kind]--
      const series = this.#seriesOf(info, code)
      series.add()
      series.observe((this.#parts.clock.monotonicMs() - startMs) / 1000)
    }
  }

  /** Somebody said who he is, and was believed or not. */
  authenticated(result: 'success' | 'failure'): void {
    this.#attempts[result].add()
  }

  #beginLong(info: RequestInfo): (code: number) => void {
    const verb = info.verb === 'watch' ? 'WATCH' : 'CONNECT'
    const known = this.#parts.resources.find(info.group, info.version, info.resource) !== undefined
    const key = known ? `${verb} ${info.resource} ${info.subresource}` : `${verb}  `
    this.#longRunning.set(key, (this.#longRunning.get(key) ?? 0) + 1)
    return (code) => {
      this.#longRunning.set(key, (this.#longRunning.get(key) ?? 1) - 1)
      this.#seriesOf(info, code).add()
    }
  }

  #seriesOf(info: RequestInfo, code: number): Series {
    const { verb, group, version, resource, subresource } = info
    const scope = scopeOf(info)
    const key = `${verb} ${group}/${version}/${resource}/${subresource} ${scope} ${code}`
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const { metrics, resources } = this.#parts
    const isServed = resources.find(group, version, resource) !== undefined
    const labels = {
      verb:
        info.isResource && isLongRunning(info) && verb !== 'watch' ? 'CONNECT' : (verbs[verb] ?? verb.toUpperCase()),
      // What clients make up must not make series.
      ...(isServed ? { group, version, resource, subresource } : {}),
      scope,
      component: 'apiserver',
    }
    const made = {
      ...metrics.counter(requestsTotal).bind({ ...labels, code: String(code) }),
      ...metrics.histogram(durations, durationBounds).bind(labels),
    }
    if (isServed || this.#series.size < 200) this.#series.set(key, made)
    return made
  }
}

function scopeOf({ isResource, name, namespace }: RequestInfo): string {
  if (!isResource) return ''
  if (name !== '') return 'resource'
  return namespace === '' ? 'cluster' : 'namespace'
}

function storedObjects({
  cache,
  resources,
}: MeterParts): readonly (readonly [{ readonly resource: string }, number])[] {
  const counts = new Map<string, number>()
  for (const { stored, storage, group, resource } of resources.all())
    if (stored) counts.set(group === '' ? resource : `${resource}.${group}`, cache.collection(storage).size)
  return Array.from(counts, ([resource, count]) => [{ resource }, count] as const)
}
