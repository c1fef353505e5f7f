/** Certificate signing requests (certificates/validation, v1.36). */
import type { CertificateSigningRequest } from '../../objects/certificates-v1.generated.ts'
import { each, oneOf, requiredOneOf, requiredText } from '../checks.ts'
import { duplicate, forbidden, invalid, required, type FieldError } from '../field-errors.ts'
import { path } from '../field-path.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { sameValue } from '../same-value.ts'
import { signerNameErrors } from '../signer-names.ts'

const specPath = path('spec')
const conditionsPath = path('status', 'conditions')
const certificatePath = path('status', 'certificate')

const usages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment'],
  ...['decipher only', 'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
]

function pemType(text: string): string | undefined {
  return /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1]
}

function request(object: CertificateSigningRequest): FieldError[] {
  const encoded = object.spec?.request ?? ''
  const isRequest = pemType(Buffer.from(encoded, 'base64').toString('latin1')) === 'CERTIFICATE REQUEST'
  return isRequest
    ? []
    : [invalid(specPath.child('request'), object.spec?.request ?? null, 'PEM block type must be CERTIFICATE REQUEST')]
}

/** Usages that were there before may stay, however wrong. */
function usageErrors(asked: readonly string[], before: readonly string[] | undefined): FieldError[] {
  const at = specPath.child('usages')
  if (asked.length === 0) return [required(at)]
  if (sameValue(before, asked)) return []
  const seen = new Set<string>()
  const repeated = each(at, asked, (usage, itemAt) => {
    if (seen.has(usage)) return [duplicate(itemAt, usage)]
    seen.add(usage)
    return []
  })
  return [...each(at, asked, (usage, itemAt) => oneOf(itemAt, usage, usages)), ...repeated]
}

function spec(object: CertificateSigningRequest, old?: CertificateSigningRequest): FieldError[] {
  const { usages: asked = [], signerName, expirationSeconds: seconds } = object.spec
  const signerAt = specPath.child('signerName')
  const isLegacy = signerName === 'kubernetes.io/legacy-unknown' && old?.spec?.signerName !== signerName
  const legacyText = 'the legacy signerName is not allowed via this API version'
  const shortText = 'may not specify a duration less than 600 seconds (10 minutes)'
  return [
    ...request(object),
    ...usageErrors(asked, old?.spec?.usages),
    ...(isLegacy ? [invalid(signerAt, signerName, legacyText)] : signerNameErrors(signerAt, signerName)),
    ...(seconds !== undefined && seconds < 600
      ? [invalid(specPath.child('expirationSeconds'), seconds, shortText)]
      : []),
  ]
}

const decisive = ['Approved', 'Denied', 'Failed']

function conditions(object: CertificateSigningRequest): FieldError[] {
  const list = object.status?.conditions ?? []
  const seen = new Set<string>()
  return each(conditionsPath, list, ({ type, status }, at) => {
    const statuses = decisive.includes(type) ? ['True'] : ['False', 'True', 'Unknown']
    const errors = [...requiredText(at.child('type'), type), ...requiredOneOf(at.child('status'), status, statuses)]
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (other !== undefined && seen.has(other)) {
      errors.push(invalid(conditionsPath, type, 'Approved and Denied conditions are mutually exclusive'))
    }
    if (seen.has(type)) errors.push(duplicate(at.child('type'), type))
    seen.add(type)
    return errors
  })
}

function certificate(object: CertificateSigningRequest, old?: CertificateSigningRequest): FieldError[] {
  const encoded = object.status?.certificate ?? ''
  if (encoded === '' || encoded === old?.status?.certificate) return []
  const types = Buffer.from(encoded, 'base64')
    .toString('latin1')
    .matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)
  const found = [...types].map(([, type]) => type ?? '')
  const other = found.find((type) => type !== 'CERTIFICATE')
  const fail = (text: string): FieldError[] => [invalid(certificatePath, '<certificate data>', text)]
  if (other !== undefined) return fail(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other)}`)
  return found.length === 0 ? fail('must contain at least one CERTIFICATE PEM block') : []
}

interface Allowed {
  readonly approval: boolean
  readonly certificate: boolean
}

function ofType(object: CertificateSigningRequest, type: string): readonly unknown[] {
  return (object.status?.conditions ?? []).filter((condition) => condition.type === type)
}

function conditionChange(
  object: CertificateSigningRequest,
  old: CertificateSigningRequest,
  allowed: Allowed,
): FieldError[] {
  return decisive.flatMap((type) => {
    const [now, before] = [ofType(object, type), ofType(old, type)]
    const isFree = allowed.approval || type === 'Failed'
    const text = (verb: string): FieldError[] => [
      forbidden(conditionsPath, `updates may not ${verb} a condition of type ${JSON.stringify(type)}`),
    ]
    if (now.length < before.length) return text('remove')
    if (isFree) return []
    if (now.length > before.length) return text('add')
    return sameValue(now, before) ? [] : text('modify')
  })
}

function change(object: CertificateSigningRequest, old: CertificateSigningRequest, allowed: Allowed): FieldError[] {
  const [now, before] = [object.status?.certificate ?? '', old.status?.certificate ?? '']
  const errors = [
    ...spec(object, old),
    ...conditions(object),
    ...certificate(object, old),
    ...conditionChange(object, old, allowed),
  ]
  if (now === before) return errors
  if (!allowed.certificate) return [...errors, forbidden(certificatePath, 'updates may not set certificate content')]
  if (before === '') return errors
  return [...errors, forbidden(certificatePath, 'updates may not modify existing certificate content')]
}

/** The rules of signing requests; any name will do. */
export const certificateRequestRules: AnyKindRules = kindRules<CertificateSigningRequest>({
  name: () => [],
  create: (object) => [...spec(object), ...conditions(object), ...certificate(object)],
  update: ({ object, old }) => change(object, old, { approval: false, certificate: false }),
  status: ({ object, old }) => change(object, old, { approval: false, certificate: true }),
  subresources: { approval: ({ object, old }) => change(object, old, { approval: true, certificate: false }) },
})
