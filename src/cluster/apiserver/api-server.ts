/**
 * The API server: one store, one cache, one pipeline for every kind; reached over HTTP by `handler` and in this process by
 * `clientFor`. Deterministic under a simulated clock: it has no timers but the clock's.
 */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import type { HttpHandler, HttpRequest, EncodedError } from '#kit/http/exchange.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { Log } from '#kit/telemetry/log.ts'
import { createMetrics, type Metrics } from '#kit/telemetry/metrics.ts'
import { Defaulter } from '#spec/kubernetes/defaults/apply-defaults.ts'
import type { DescribeType } from '#spec/kubernetes/openapi/type-words.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import { Admission } from './admission/admission.ts'
import { admissionSteps } from './admission/admission-steps.ts'
import { type CallWebhook, WebhookClient } from './admission/webhooks/webhook-call.ts'
import { Aggregator } from './aggregation/aggregator.ts'
import type { FrontProxy } from './aggregation/remote-calls.ts'
import type { User } from './user.ts'
import type { Audit } from './audit/audit-trail.ts'
import { type ApiServerConfig, defaultApiServerConfig } from './api-server-config.ts'
import { CertificateUsers } from './authentication/certificate-users.ts'
import type { TokenAuthenticator } from './authentication/jwt-issuer.ts'
import type { TokenKeys } from './authentication/token-keys.ts'
import {
  type AuthorizerLink,
  createAuthorizer,
  defaultAuthorizers,
  type ServerAuthorizer,
} from './authorization/authorizer.ts'
import { createBootstrapObjects } from './bootstrap/bootstrap-objects.ts'
import { customDocuments } from './custom-resources/custom-documents.ts'
import { CustomResources } from './custom-resources/custom-resources.ts'
import { timeText } from './api-object.ts'
import { createClusterView } from './cluster-view.ts'
import type { EncryptionConfig } from './encryption/encryption-config.ts'
import type { ConnectKms } from './encryption/kms-plugin.ts'
import { KmsProviders, kmsProvidersOf } from './encryption/kms-providers.ts'
import { sealStore } from './encryption/sealed-store.ts'
import { ValueSealer } from './encryption/value-sealer.ts'
import { EventLeases } from './writes/event-leases.ts'
import { FlowControl } from './flow-control/flow-control.ts'
import { SchemaStatuses } from './flow-control/schema-status.ts'
import { type HealthCheck, HealthMeter } from './documents/health-checks.ts'
import { startSteps } from './documents/start-steps.table.ts'
import { createApiHandler, type HandlerParts, type StreamingHandler } from './http-handler.ts'
import { Impersonation } from './impersonation/impersonation.ts'
import { createInProcessClient } from './in-process/in-process-client.ts'
import { StoreCondition } from './cache/store-condition.ts'
import { ObjectCache } from './cache/object-cache.ts'
import { type ObjectValidation } from './writes/object-validation.ts'
import { OpenApiDocuments } from './documents/openapi-documents.ts'
import { callRaw } from './in-process/raw-call.ts'
import { RequestMeter } from './request-metrics.ts'
import { ServedResources } from './served-resource.ts'
import { serverVersion } from './documents/server-version.ts'
import { createAllocations } from './strategies/services/allocations.ts'
import { createKindValidation } from './writes/kind-validation.ts'
import { withDefaults } from './writes/write-object.ts'

export interface ApiServerDeps {
  readonly clock: Clock
  readonly random: Random
  readonly store: VersionedStore
  readonly log: Log
  readonly metrics?: Metrics
  /** Signs service account tokens; without it there are none. */
  readonly tokenKeys?: TokenKeys
  /** Who knows further bearer tokens. */
  readonly tokenAuthenticators?: readonly TokenAuthenticator[]
  /** Fixed bearer tokens. */
  readonly staticTokens?: ReadonlyMap<string, User>
  readonly validation?: ObjectValidation
  /** Who is asked whether a request may pass, in this order; nodes by what runs on them and roles unless told. */
  readonly authorizers?: readonly AuthorizerLink[]
  /** Reaches nodes and services for exec, logs and proxies. */
  readonly streaming?: StreamingHandler
  /** Reaches webhooks of admission and conversion; without it none can be asked. */
  readonly callWebhook?: CallWebhook
  /** Shows this to aggregated servers; without it they believe nothing that this server says. */
  readonly frontProxy?: FrontProxy
  /** Components beside this one, for component statuses. */
  readonly components?: readonly HealthCheck[]
  /** Seals resources in the store. */
  readonly encryption?: EncryptionConfig
  /** Reaches KMS plugins; without it a configuration cannot name any. */
  readonly connectKms?: ConnectKms
  /** Records requests. */
  readonly audit?: Audit
  /** Descriptions for OpenAPI documents, read when one is first asked for. */
  readonly readTypeWords?: () => Promise<DescribeType>
}

/** A running API server; disposing it ends its watches. The store belongs to the caller. */
export interface ApiServer extends AsyncDisposable {
  readonly handler: HttpHandler
  /** Failures of the HTTP server itself, as a Status. */
  readonly encodeError: (error: unknown, request: HttpRequest) => EncodedError
  readonly config: ApiServerConfig
  /** What extensions (custom resources, quota, webhooks) build on. */
  readonly parts: HandlerParts
  /** Asks other authorisers from now on. */
  useAuthorizers(links: readonly AuthorizerLink[]): void
  /** Seals stored values by another configuration from now on; only where there was one at the start. */
  readonly reseal: ((config: EncryptionConfig) => Promise<void>) | undefined
  /** A client that acts as `user`, authorised like anybody else. */
  clientFor(user: User): KubeClient
}

/** The user that the server itself acts as. */
export const serverUser: User = { name: 'system:apiserver', groups: ['system:masters'] }

interface ServerStore extends Pick<HandlerParts, 'store' | 'isStale'>, Pick<ApiServer, 'reseal'> {
  /** The plugins that hold keys; undefined where nothing is sealed. */
  readonly kms: KmsProviders | undefined
}

/** A server whose plugins are not there yet waits this long for them. */
const kmsPatienceMs = 30_000
const ensureTriesMax = 30
const ensureRetryMs = 1000

/** The store, and where values are sealed what tells which of them are to be written anew. */
async function storeOf(deps: ApiServerDeps): Promise<ServerStore> {
  const { store, encryption, clock, random, log, metrics = createMetrics(), connectKms: connect } = deps
  if (encryption === undefined) return { store, isStale: undefined, reseal: undefined, kms: undefined }
  const kms = new KmsProviders({ clock, random, log, metrics, connect })
  await kms.use(encryption)
  await kms.arrive(kmsPatienceMs)
  const sealer = new ValueSealer(encryption, random, (name) => kms.keysOf(name))
  const sealed = sealStore(store, { sealer, kms, config: encryption })
  return { store: sealed, isStale: sealed.isStale, reseal: sealed.reseal, kms }
}

interface PartsDeps extends ApiServerDeps {
  readonly isStale: HandlerParts['isStale']
  readonly kms: KmsProviders | undefined
  /** Acts as the server itself. */
  readonly client: () => KubeClient
}

/** Everything that the handlers work with; nothing is read from the store yet. */
function createParts(
  deps: PartsDeps,
  config: ApiServerConfig,
): HandlerParts & { readonly authorizer: ServerAuthorizer } {
  const { clock, random, log, store, isStale, client } = deps
  const resources = new ServedResources()
  const condition = new StoreCondition(store, log)
  const cache = new ObjectCache({
    store,
    clock,
    resumeRevisions: config.resumeRevisions,
    onFault: (error) => condition.breaks(error),
    onReload: (reason) => {
      condition.reloads(reason)
      if (reason === undefined) void ensureBootstrapObjects({ log, clock, config, client: client() })
    },
  })
  const allocations = createAllocations(config, random)
  const view = createClusterView({ cache, clock, random, config, resources, allocations })
  const metrics = deps.metrics ?? createMetrics()
  const authorizer = createAuthorizer({ cache, metrics }, deps.authorizers ?? defaultAuthorizers)
  const defaulter = new Defaulter()
  const admission = new Admission(
    admissionSteps({
      config,
      authorizer,
      clock,
      store,
      cache,
      callWebhook: deps.callWebhook,
      client,
      withDefaults: (resource, object) => withDefaults({ defaulter, view }, resource, object),
    }),
  )
  return {
    store,
    cache,
    clock,
    random,
    log,
    view,
    resources,
    defaulter,
    authorizer,
    impersonation: new Impersonation({ authorizer, metrics, clock }),
    admission,
    validation: deps.validation ?? createKindValidation(clock),
    eventLeases: new EventLeases({ store, clock, ttlMs: config.eventTtlMs }),
    tokenKeys: deps.tokenKeys,
    certificates: new CertificateUsers(config),
    tokenAuthenticators: deps.tokenAuthenticators ?? [],
    staticTokens: deps.staticTokens ?? new Map<string, User>(),
    documents: new OpenApiDocuments({
      resources,
      serverVersion: `${serverVersion.major}.${serverVersion.minor}`,
      readWords: deps.readTypeWords,
      extra: (dialect, of) => customDocuments(resources.all(), dialect, of),
    }),
    metrics,
    meter: new RequestMeter({ metrics, clock, cache, resources }),
    aggregator: new Aggregator({ cache, clock, log, view, frontProxy: deps.frontProxy }),
    flowControl: new FlowControl({ cache, clock, metrics, seats: config.requestsMax }),
    health: { checks: [...healthChecks(condition), ...kmsChecks(deps)], meter: new HealthMeter() },
    streaming: deps.streaming,
    audit: deps.audit,
    components: [...(deps.components ?? []), { name: 'etcd-0', isHealthy: () => condition.problem === undefined }],
    isStale,
  }
}

interface Ensuring {
  readonly log: Log
  readonly clock: Clock
  readonly config: ApiServerConfig
  readonly client: KubeClient
}

/** What every cluster has may be missing in a store that was replaced; others may be writing the same objects. */
async function ensureBootstrapObjects({ log, clock, config, client }: Ensuring): Promise<void> {
  for (let attempt = 1; attempt <= ensureTriesMax; attempt++) {
    try {
      await createBootstrapObjects(client, config, timeText(clock.now()))
      return
    } catch (error) {
      log.warn("the cluster's first objects could not be made anew", { error, attempt })
      await clock.sleep(ensureRetryMs)
    }
  }
}

/** One check for all plugins, where keys are theirs or may become so while the server runs. */
function kmsChecks({ kms, encryption }: PartsDeps): readonly HealthCheck[] {
  if (kms === undefined || encryption === undefined || kmsProvidersOf(encryption).length === 0) return []
  return [{ name: 'kms-providers', isHealthy: () => kms.problem === undefined, isOutside: true }]
}

function healthChecks(condition: StoreCondition): readonly HealthCheck[] {
  const store = { isHealthy: () => condition.problem === undefined, reason: () => messageOf(condition.problem) }
  return [
    { name: 'ping', isHealthy: () => true },
    { name: 'log', isHealthy: () => true },
    { name: 'etcd', ...store },
    { name: 'etcd-readiness', ...store, isReadiness: true },
    { name: 'informer-sync', isHealthy: () => condition.isCurrent, isReadiness: true },
    // Nothing is answered before these are done.
    ...startSteps.map((name): HealthCheck => ({ name, isHealthy: () => true })),
  ]
}

/** Loads the store and starts serving; creates what every cluster has where it is missing. */
export async function createApiServer(
  deps: ApiServerDeps,
  settings: Partial<ApiServerConfig> = {},
): Promise<ApiServer> {
  const config = { ...defaultApiServerConfig, ...settings }
  const { reseal, ...stored } = await storeOf(deps)
  const parts = createParts({ ...deps, ...stored, client: () => clientFor(serverUser) }, config)
  const { cache, view } = parts
  const { handler, encodeError } = createApiHandler(parts)
  const raw = callRaw(handler)
  const clientFor = (user: User): KubeClient => createInProcessClient(parts, user, raw)
  const webhooks = new WebhookClient(deps.callWebhook, deps.clock)
  const custom = new CustomResources({ parts, client: clientFor(serverUser), webhooks })
  const end = async (): Promise<void> => {
    await parts.aggregator[Symbol.asyncDispose]()
    await custom[Symbol.asyncDispose]()
    await cache[Symbol.asyncDispose]()
    await stored.kms?.[Symbol.asyncDispose]()
  }
  try {
    await cache.start()
  } catch (error) {
    await end()
    throw error
  }
  custom.start()
  try {
    await createBootstrapObjects(clientFor(serverUser), config, view.now())
  } catch (error) {
    await end()
    throw new GantryError('APISERVER_BOOTSTRAP_FAILED', 'internal', "the cluster's first objects could not be made", {
      cause: error,
      remedy: 'Look at the cause; a store that is full or damaged is the usual one.',
    })
  }
  parts.aggregator.start(clientFor(serverUser))
  const schemaStatuses = new SchemaStatuses(parts, clientFor(serverUser))
  return {
    handler,
    encodeError,
    config,
    parts,
    useAuthorizers: (links) => parts.authorizer.use(links),
    reseal,
    clientFor,
    [Symbol.asyncDispose]: async () => {
      await schemaStatuses[Symbol.asyncDispose]()
      await end()
    },
  }
}
