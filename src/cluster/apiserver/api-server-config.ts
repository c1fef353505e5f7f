/** Settings of an API server. */
import type { Compression } from './wire/send-body.ts'
import type { RequestHeaderConfig } from './authentication/request-header.ts'

export interface ApiServerConfig {
  /** Ranges of cluster addresses of services: one, or one of each family, the usual one first. */
  readonly serviceCidrs: readonly string[]
  /** First and last node port. */
  readonly nodePorts: readonly [first: number, last: number]
  /** Where clients reach the server, for the `kubernetes` service's endpoints. */
  readonly advertiseAddress: string
  readonly advertisePort: number
  readonly clusterDomain: string
  /** Issuer of service account tokens, also an audience that the server accepts. */
  readonly issuer: string
  /** Admission steps that are on beside the default ones, and those that are off. */
  readonly enableAdmission: readonly string[]
  readonly disableAdmission: readonly string[]
  /** Events are forgotten after this time. */
  readonly eventTtlMs: number
  /** Revisions of the store's history that are taken in at the start, so that watches of an earlier server resume. */
  readonly resumeRevisions: number
  /** PEM of the cluster's authority, for `kube-root-ca.crt` and client-ca documents; '' without TLS. */
  readonly certificateAuthority: string
  /** Whether requests without credentials are answered: everywhere, nowhere, or at these paths only. */
  readonly anonymous: boolean | readonly string[]
  /** Which large answers are compressed. */
  readonly compression: Compression
  /** Requests that are served at once, reading and writing; priority levels share them. */
  readonly requestsMax: number
  /** Front proxies whose headers say who asks. */
  readonly requestHeader: RequestHeaderConfig | undefined
}

export const defaultApiServerConfig: ApiServerConfig = {
  serviceCidrs: ['10.96.0.0/16'],
  nodePorts: [30_000, 32_767],
  advertiseAddress: '127.0.0.1',
  advertisePort: 6443,
  clusterDomain: 'cluster.local',
  issuer: 'https://kubernetes.default.svc.cluster.local',
  enableAdmission: ['NodeRestriction'],
  disableAdmission: [],
  eventTtlMs: 3_600_000,
  resumeRevisions: 0,
  certificateAuthority: '',
  anonymous: true,
  compression: 'remote',
  requestsMax: 600,
  requestHeader: undefined,
}
