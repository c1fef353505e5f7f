/** Decides what becomes of a certificate signing request: approved, signed, failed, forgotten. Pure (v1.36). */
import { certificateSigningRequests } from '#clients/kubernetes/resources.table.ts'
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '#spec/kubernetes/objects/certificates-v1.generated.ts'
import { apiTime, epochMsOf } from '#kit/reconcile/api-time.ts'
import { conditionOf, isConditionTrue } from '#kit/reconcile/conditions.ts'
import type { Plan } from '#kit/reconcile/plan.ts'
import type { SigningRequest } from '#kit/tls/certificate-request.ts'
import { kubeletClientFault, kubeletClientSigner, signers } from './signers.ts'

/** A kind of request that is approved by itself where its author has the right to make it. */
export interface Recognised {
  /** The subresource of certificatesigningrequests on which `create` must be allowed. */
  readonly right: 'selfnodeclient' | 'nodeclient'
  readonly message: string
}

const hourMs = 3_600_000
const shortestMs = 600_000

/** True while nobody has decided about a request. */
export function isUndecided({ status }: CertificateSigningRequest): boolean {
  if ((status?.certificate ?? '') !== '') return false
  return ['Approved', 'Denied'].every((type) => conditionOf(status?.conditions, type) === undefined)
}

/** As what a request is recognised, the narrower right first. */
export function recognise(csr: CertificateSigningRequest, request: SigningRequest): readonly Recognised[] {
  if (csr.spec.signerName !== kubeletClientSigner) return []
  if (kubeletClientFault(request, csr.spec.usages ?? []) !== undefined) return []
  const own: Recognised = {
    right: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  }
  const any: Recognised = {
    right: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  }
  return csr.spec.username === request.subject.commonName ? [own, any] : [any]
}

/** The question whether the author of a request may make it. */
export function reviewOf({ spec }: CertificateSigningRequest, { right }: Recognised): object {
  const { username, uid, groups, extra } = spec
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      ...(username === undefined ? {} : { user: username }),
      ...(uid === undefined ? {} : { uid }),
      ...(groups === undefined ? {} : { groups }),
      ...(extra === undefined ? {} : { extra }),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        subresource: right,
        verb: 'create',
        version: '*',
      },
    },
  }
}

function withConditions(
  csr: CertificateSigningRequest,
  condition: CertificateSigningRequestCondition,
): CertificateSigningRequest {
  return { ...csr, status: { ...csr.status, conditions: [...(csr.status?.conditions ?? []), condition] } }
}

/** Approves a request. */
export function planApproval(csr: CertificateSigningRequest, { message }: Recognised, nowMs: number): Plan {
  const time = apiTime(nowMs)
  const body = withConditions(csr, {
    type: 'Approved',
    status: 'True',
    reason: 'AutoApproved',
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  })
  const resource = certificateSigningRequests
  return {
    subject: csr,
    actions: [{ do: 'update-subresource', resource, object: csr, subresource: 'approval', body }],
  }
}

/** True for approved requests of built-in signers that have neither a certificate nor failed. */
export function awaitsSigning({ spec, status }: CertificateSigningRequest): boolean {
  if ((status?.certificate ?? '') !== '' || !signers.has(spec.signerName)) return false
  if (isConditionTrue(status?.conditions, 'Failed')) return false
  return (
    conditionOf(status?.conditions, 'Approved') !== undefined && conditionOf(status?.conditions, 'Denied') === undefined
  )
}

/** How long the certificate of a request is good: what was asked for, within the signer's bounds. */
export function lifetimeMs({ spec }: CertificateSigningRequest, mostMs: number): number {
  if (spec.expirationSeconds === undefined) return mostMs
  return Math.min(mostMs, Math.max(shortestMs, spec.expirationSeconds * 1000))
}

/** What the signer of a request finds wrong with it. */
export function signerFault(csr: CertificateSigningRequest, request: SigningRequest): string | undefined {
  return signers.get(csr.spec.signerName)?.(request, csr.spec.usages ?? [])
}

/** Says that a request will never be signed, and why. */
export function planFailure(csr: CertificateSigningRequest, message: string, nowMs: number): Plan {
  const time = apiTime(nowMs)
  const object = withConditions(csr, {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  })
  return { subject: csr, actions: [{ do: 'update-status', resource: certificateSigningRequests, object }] }
}

/** Hands over the certificate (PEM). */
export function planCertificate(csr: CertificateSigningRequest, certificate: string): Plan {
  const status = { ...csr.status, certificate: Buffer.from(certificate).toString('base64') }
  const object = { ...csr, status }
  return { subject: csr, actions: [{ do: 'update-status', resource: certificateSigningRequests, object }] }
}

/** True for requests that nobody needs any more: decided an hour ago, undecided or unsigned for a day, expired. */
export function isSpent(
  csr: CertificateSigningRequest,
  { nowMs, endMs }: { readonly nowMs: number; readonly endMs: number | undefined },
): boolean {
  const conditions = csr.status?.conditions ?? []
  const isIssued = (csr.status?.certificate ?? '') !== ''
  const isOlder = (time: string | undefined, ageMs: number): boolean => {
    const sinceMs = epochMsOf(time)
    return sinceMs !== undefined && nowMs - sinceMs > ageMs
  }
  if (conditions.length === 0) return isOlder(csr.metadata.creationTimestamp, 24 * hourMs)
  return conditions.some(({ type, lastUpdateTime }) => {
    if (type === 'Denied' || type === 'Failed') return isOlder(lastUpdateTime, hourMs)
    if (type !== 'Approved') return false
    if (!isIssued) return isOlder(lastUpdateTime, 24 * hourMs)
    return isOlder(lastUpdateTime, hourMs) || (endMs !== undefined && endMs <= nowMs)
  })
}
