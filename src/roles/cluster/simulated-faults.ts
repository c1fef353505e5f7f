/** A client that fails as networks and busy servers do, as often as a seed says. Nothing that was refused was done. */
import { type ApiResource, resourceId } from '#kit/reconcile/api-client.ts'
import type { KubeClient, WatchEvent, WatchOptions } from '#clients/kubernetes/kube-client.ts'
import { statusError } from '#clients/kubernetes/status-error.ts'
import type { Random } from '#world/ports/random.ts'

/** Shares of calls, 0 to 1. */
export interface SimulatedFaults {
  /** A write answers 409: somebody else was faster. */
  readonly conflict: number
  /** A call answers 429. */
  readonly tooManyRequests: number
  /** A call answers 500 or 503. */
  readonly serverError: number
  /** A write is done but its answer is lost. */
  readonly lostAnswer: number
  /** Each event of a watch may be its last. */
  readonly droppedWatch: number
  /** A watch begins with 410: its version is gone. */
  readonly expiredWatch: number
  /** A node falls silent, for each simulated minute and node. */
  readonly nodeLoss: number
  /** How long a lost node stays away, milliseconds. */
  readonly nodeAwayMs: number
}

export const noFaults: SimulatedFaults = {
  conflict: 0,
  tooManyRequests: 0,
  serverError: 0,
  lostAnswer: 0,
  droppedWatch: 0,
  expiredWatch: 0,
  nodeLoss: 0,
  nodeAwayMs: 120_000,
}

/** Some of everything: what a bad day looks like. */
export const badDay: SimulatedFaults = {
  conflict: 0.02,
  tooManyRequests: 0.01,
  serverError: 0.01,
  lostAnswer: 0.005,
  droppedWatch: 0.005,
  expiredWatch: 0.02,
  nodeLoss: 0.02,
  nodeAwayMs: 120_000,
}

/** Those that strike calls rather than nodes. */
const callFaults = [
  'conflict',
  'tooManyRequests',
  'serverError',
  'lostAnswer',
  'droppedWatch',
  'expiredWatch',
] as const satisfies readonly (keyof SimulatedFaults)[]

type Failure = Parameters<typeof statusError>[0]

function failure(code: number, reason: string, message: string): Failure {
  return { apiVersion: 'meta.k8s.io/v1', kind: 'Status', metadata: {}, status: 'Failure', code, reason, message }
}

/** Wraps a client; without faults it is the client itself. */
export function faultyClient(client: KubeClient, faults: SimulatedFaults, random: Random): KubeClient {
  if (callFaults.every((fault) => faults[fault] === 0)) return client
  const isHit = (share: number): boolean => share > 0 && random.float() < share
  const mayFail = (isWrite: boolean): void => {
    if (isWrite && isHit(faults.conflict))
      throw statusError(
        failure(
          409,
          'Conflict',
          'the object has been modified; please apply your changes to the latest version and try again',
        ),
      )
    if (isHit(faults.tooManyRequests))
      throw statusError(
        failure(
          429,
          'TooManyRequests',
          'the server has received too many requests and has asked us to try again later',
        ),
      )
    if (isHit(faults.serverError)) {
      throw random.below(2) === 0
        ? statusError(failure(500, 'InternalError', 'an error on the server has prevented the request from succeeding'))
        : statusError(failure(503, 'ServiceUnavailable', 'the server is currently unable to handle the request'))
    }
  }
  const write = async <R>(call: () => Promise<R>): Promise<R> => {
    mayFail(true)
    const answer = await call()
    if (isHit(faults.lostAnswer))
      throw statusError(failure(504, 'Timeout', 'the connection was lost before an answer came'))
    return answer
  }
  const read = async <R>(call: () => Promise<R>): Promise<R> => {
    mayFail(false)
    return call()
  }
  async function* watch<T extends object>(
    resource: ApiResource<T>,
    options?: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    if (options?.resourceVersion !== undefined && isHit(faults.expiredWatch))
      throw statusError(failure(410, 'Expired', `too old resource version of ${resourceId(resource)}`))
    for await (const event of client.watch(resource, options)) {
      yield event
      if (isHit(faults.droppedWatch)) return
    }
  }
  return {
    get: (resource, name, options) => read(() => client.get(resource, name, options)),
    list: (resource, options) => read(() => client.list(resource, options)),
    watch,
    // A creation has no version to conflict with; the server's own 409 says AlreadyExists.
    create: (resource, object, options) => read(() => client.create(resource, object, options)),
    update: (resource, object, options) => write(() => client.update(resource, object, options)),
    updateStatus: (resource, object, options) => write(() => client.updateStatus(resource, object, options)),
    patch: (...args) => write(() => client.patch(...args)),
    apply: (resource, configuration, options) => write(() => client.apply(resource, configuration, options)),
    delete: (resource, name, options) => read(() => client.delete(resource, name, options)),
    deleteCollection: (resource, options) => read(() => client.deleteCollection(resource, options)),
    getSubresource: (resource, name, options) => read(() => client.getSubresource(resource, name, options)),
    createSubresource: (resource, name, options) => write(() => client.createSubresource(resource, name, options)),
    updateSubresource: (resource, name, options) => write(() => client.updateSubresource(resource, name, options)),
    raw: (request) => read(() => client.raw(request)),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}
