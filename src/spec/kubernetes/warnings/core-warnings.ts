/** Warnings about nodes, accounts, secrets, quotas, runtime classes and what configures admission (registry, v1.36). */
import { goQuote } from '#base/data/go-quote.ts'
import type { Node, ResourceQuota, Secret, ServiceAccount } from '../objects/core-v1.generated.ts'
import type { RuntimeClass } from '../objects/node-v1.generated.ts'
import type { KubernetesObject } from '../objects/objects.ts'
import { path } from '../validation/field-path.ts'
import { cidrWarnings } from '../validation/ip-address.ts'
import { compareAmounts } from '../validation/pods/resources.ts'
import { nodeLabelWarnings } from './node-labels.ts'
import { type AnyWarningRules, warningRules } from './warning-rules.ts'

type Texts = readonly string[]

function nodeWarnings({ spec }: Node): Texts {
  const rangesAt = path('spec', 'podCIDRs')
  return [
    ...(spec?.configSource === undefined ? [] : ['spec.configSource: the feature is removed']),
    ...((spec?.externalID ?? '') === ''
      ? []
      : ['spec.externalID: this field is deprecated, and is unused by Kubernetes']),
    ...(spec?.podCIDRs ?? []).flatMap((range, index) => cidrWarnings(rangesAt.index(index), range)),
  ]
}

const mountableAnnotation = 'kubernetes.io/enforce-mountable-secrets'
const mountableText = `metadata.annotations[${mountableAnnotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`

function accountWarnings({ metadata }: ServiceAccount, old?: ServiceAccount): Texts {
  if (old?.metadata.annotations?.[mountableAnnotation] !== undefined) return []
  return metadata.annotations?.[mountableAnnotation] === undefined ? [] : [mountableText]
}

const pemBlock = /^-----BEGIN ([^\n\r]*)-----\s*$[\s\S]*?^-----END \1-----\s*$/gm

/** The types of the PEM blocks in base64 of a text. */
function pemTypes(base64: string | undefined): readonly string[] {
  const text = Buffer.from(base64 ?? '', 'base64').toString('latin1')
  return [...text.matchAll(pemBlock)].map(([, type = '']) => type)
}

function isKey(type: string): boolean {
  return type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY')
}

function skipped(wanted: string, input: string, types: Texts): string {
  const list = types.map(goQuote).join(' ')
  return `tls: failed to find ${wanted} in ${input} input after skipping PEM blocks of the following types: [${list}]`
}

function certificateWarning(types: Texts): string | undefined {
  if (types.includes('CERTIFICATE')) return undefined
  if (types.length === 0) return 'tls: failed to find any PEM data in certificate input'
  if (types.length === 1 && isKey(types[0] ?? ''))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
  return skipped('"CERTIFICATE" PEM block', 'certificate', types)
}

function keyWarning(types: Texts): string | undefined {
  if (types.some(isKey)) return undefined
  if (types.length === 0) return 'tls: failed to find any PEM data in key input'
  if (types.length === 1 && types[0] === 'CERTIFICATE')
    return 'tls: found a certificate rather than a key in the PEM for the private key'
  return skipped('PEM block with type ending in "PRIVATE KEY"', 'key', types)
}

/** The PEM blocks of a TLS secret; whether key and certificate belong together is not looked at. */
function secretWarnings({ type, data }: Secret): Texts {
  if (type !== 'kubernetes.io/tls') return []
  const text = certificateWarning(pemTypes(data?.['tls.crt'])) ?? keyWarning(pemTypes(data?.['tls.key']))
  return text === undefined ? [] : [text]
}

/** A quota of requests above that of limits can never be used up. */
function quotaWarnings({ spec }: ResourceQuota): Texts {
  const hard = spec?.hard ?? {}
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const isShort = name === 'cpu' || name === 'memory'
    const requestName = hard[`requests.${name}`] === undefined && isShort ? name : `requests.${name}`
    const [request, limit] = [hard[requestName], hard[`limits.${name}`]]
    if (request === undefined || limit === undefined || compareAmounts(request, limit) <= 0) return []
    return [`ResourceQuota ${requestName} (${request}) should be less than limits.${name} (${limit})`]
  })
}

function runtimeClassWarnings({ scheduling }: RuntimeClass): Texts {
  const at = path('scheduling', 'nodeSelector')
  return Object.keys(scheduling?.nodeSelector ?? {}).flatMap((label) =>
    nodeLabelWarnings(label, (text) => `${at}: ${text}`),
  )
}

const staticSuffix = '.static.k8s.io'

function staticWarnings({ metadata }: KubernetesObject): Texts {
  if (metadata.name?.endsWith(staticSuffix) !== true) return []
  const text = `names ending with "${staticSuffix}" are reserved for static manifest-based configurations and cannot be managed via the API`
  return [`metadata.name: ${text}`]
}

const ofAdmission = warningRules<KubernetesObject>({ create: staticWarnings, update: staticWarnings })

/** The rows of these kinds. */
export const coreWarnings: Readonly<Record<string, AnyWarningRules>> = {
  '/Node': warningRules<Node>({ create: nodeWarnings, update: nodeWarnings }),
  '/ResourceQuota': warningRules<ResourceQuota>({ create: quotaWarnings }),
  '/Secret': warningRules<Secret>({ create: secretWarnings, update: secretWarnings }),
  '/ServiceAccount': warningRules<ServiceAccount>({
    create: (account) => accountWarnings(account),
    update: accountWarnings,
  }),
  'node.k8s.io/RuntimeClass': warningRules<RuntimeClass>({
    create: runtimeClassWarnings,
    update: runtimeClassWarnings,
  }),
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': ofAdmission,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': ofAdmission,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': ofAdmission,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': ofAdmission,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': ofAdmission,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': ofAdmission,
}
