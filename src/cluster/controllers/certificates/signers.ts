/**
 * What the built-in signers ask of requests, in upstream's words (pkg/apis/certificates helpers, v1.36). Each check says
 * what is wrong, or undefined.
 */
import type { SigningRequest } from '#kit/tls/certificate-request.ts'

export const clientSigner = 'kubernetes.io/kube-apiserver-client'
export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet'
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving'
export const legacySigner = 'kubernetes.io/legacy-unknown'

const signature = 'digital signature'
const encipherment = 'key encipherment'

function isExactly(usages: readonly string[], wanted: readonly string[]): boolean {
  const given = new Set(usages)
  return given.size === wanted.length && wanted.every((usage) => given.has(usage))
}

/** Keys that are not RSA need no encipherment. */
function usageFault(usages: readonly string[], purpose: string): string | undefined {
  const wanted = [purpose, signature, encipherment].toSorted()
  const isRight = isExactly(usages, wanted) || isExactly(usages, [purpose, signature])
  return isRight ? undefined : `usages did not match [${wanted.join(' ')}]`
}

function isOfNodes({ subject }: SigningRequest): boolean {
  return subject.organizations.length === 1 && subject.organizations[0] === 'system:nodes'
}

const notOfNodes = 'subject organization is not system:nodes'
const notANode = 'subject common name does not begin with system:node:'

/** What keeps a request from being one of a kubelet as a client. */
export function kubeletClientFault(request: SigningRequest, usages: readonly string[]): string | undefined {
  const { subject, names } = request
  if (!isOfNodes(request)) return notOfNodes
  if (names.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (names.emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (names.addresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (names.uris.length > 0) return 'URI subjectAltNames are not allowed'
  if (!subject.commonName.startsWith('system:node:')) return notANode
  return usageFault(usages, 'client auth')
}

/** What keeps a request from being one of a kubelet as a server. */
export function kubeletServingFault(request: SigningRequest, usages: readonly string[]): string | undefined {
  const { subject, names } = request
  if (!isOfNodes(request)) return notOfNodes
  if (names.dnsNames.length === 0 && names.addresses.length === 0) return 'DNS or IP subjectAltName is required'
  if (names.emails.length > 0) return 'Email subjectAltNames are not allowed'
  if (names.uris.length > 0) return 'URI subjectAltNames are not allowed'
  return usageFault(usages, 'server auth') ?? (subject.commonName.startsWith('system:node:') ? undefined : notANode)
}

/** What keeps a request from being one of a client. */
export function clientFault(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => ![signature, encipherment, 'client auth'].includes(usage))
  if (other !== undefined) return `invalid usage for client certificate: ${other}`
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
}

/** Built-in signers and what each finds wrong with a request. */
export const signers: ReadonlyMap<string, (request: SigningRequest, usages: readonly string[]) => string | undefined> =
  new Map([
    [clientSigner, (_request: SigningRequest, usages: readonly string[]) => clientFault(usages)],
    [kubeletClientSigner, kubeletClientFault],
    [kubeletServingSigner, kubeletServingFault],
    [legacySigner, () => undefined],
  ])
