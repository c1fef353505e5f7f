/** Certifies what a signing request asks for, under the terms of the signer: lifetime and purposes are not the asker's. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { RequestedSubject, SigningRequest } from './certificate-request.ts'
import { bits, implicit, objectIdentifier, sequence, set, utf8Text } from './der.ts'
import {
  authorityKeyExtension,
  extension,
  type IssuedCertificate,
  type IssueParts,
  oids,
  signCertificate,
  subjectOf,
} from './issue-certificate.ts'

export interface SigningTerms {
  /** Words of `spec.usages` (certificates.k8s.io/v1). */
  readonly usages: readonly string[]
  readonly lifetimeMs: number
}

/** Bits of the key usage extension (RFC 5280, section 4.2.1.3). */
const keyUsages: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
}
/** Purposes of the extended key usage, in the order in which they are written. */
const purposes: readonly (readonly [usage: string, identifier: string])[] = [
  ['any', '2.5.29.37.0'],
  ['server auth', '1.3.6.1.5.5.7.3.1'],
  ['client auth', '1.3.6.1.5.5.7.3.2'],
  ['code signing', '1.3.6.1.5.5.7.3.3'],
  ['email protection', '1.3.6.1.5.5.7.3.4'],
  ['s/mime', '1.3.6.1.5.5.7.3.4'],
  ['ipsec end system', '1.3.6.1.5.5.7.3.5'],
  ['ipsec tunnel', '1.3.6.1.5.5.7.3.6'],
  ['ipsec user', '1.3.6.1.5.5.7.3.7'],
  ['timestamping', '1.3.6.1.5.5.7.3.8'],
  ['ocsp signing', '1.3.6.1.5.5.7.3.9'],
  ['microsoft sgc', '1.3.6.1.4.1.311.10.3.3'],
  ['netscape sgc', '2.16.840.1.113730.4.1'],
]
/** Attributes of names that are certified beside organisation and common name: country, unit, locality, state, street, postal code, serial number. */
const beforeName = ['2.5.4.6', '2.5.4.11', '2.5.4.7', '2.5.4.8', '2.5.4.9', '2.5.4.17']
const serialNumber = '2.5.4.5'
/** Lives shorter than this are not counted from the backdated beginning. */
const shortMs = 8 * 3_600_000
const backdateMs = 300_000

/** When a certificate of this lifetime ends that is signed now: never after its authority. @throws GantryError when that has ended. */
export function endOfLifeMs(nowMs: number, lifetimeMs: number, authorityEndMs: number): number {
  if (nowMs >= authorityEndMs)
    throw new GantryError('TLS_AUTHORITY_EXPIRED', 'internal', 'the authority that signs certificates has expired', {
      remedy: 'Give the cluster a new authority, then restart what holds certificates of the old one.',
    })
  return Math.min(nowMs + lifetimeMs - (lifetimeMs < shortMs ? 0 : backdateMs), authorityEndMs)
}

/**
 * Signs a request.
 * @returns the certificate as PEM
 * @throws GantryError when who asks does not hold the key, or the authority has expired.
 */
export function signRequest(
  parts: IssueParts,
  authority: IssuedCertificate,
  { request, terms }: { readonly request: SigningRequest; readonly terms: SigningTerms },
): string {
  if (!request.isSignatureValid)
    throw new GantryError('TLS_REQUEST_UNSIGNED', 'invalid', 'unable to verify certificate request signature', {
      remedy: 'Sign the request with the key that it names (RSA or ECDSA with SHA-2, or Ed25519).',
    })
  const issuer = new X509Certificate(authority.certificate)
  const nowMs = parts.clock.now()
  const endMs = endOfLifeMs(nowMs, terms.lifetimeMs, issuer.validToDate.getTime())
  return signCertificate(
    parts,
    {
      issuer: subjectOf(authority.certificate),
      subject: nameOf(request.subject),
      lifetimeMs: endMs - nowMs,
      publicKey: Buffer.from(request.publicKey),
      extensions: [
        ...keyUsageExtension(terms.usages),
        ...purposeExtension(terms.usages),
        extension(oids.basicConstraints, sequence(), true),
        authorityKeyExtension(issuer),
        ...namesExtension(request),
      ],
    },
    createPrivateKey(authority.key),
  )
}

/** Names are written anew, each attribute in its place, so that nothing of the asker's encoding survives. */
function nameOf({ commonName, organizations, others }: RequestedSubject): Buffer {
  const part = (identifier: string, text: string): Buffer => set(sequence(objectIdentifier(identifier), utf8Text(text)))
  const of = (wanted: string): readonly Buffer[] =>
    others.filter(([identifier]) => identifier === wanted).map(([identifier, text]) => part(identifier, text))
  const [country = '', ...rest] = beforeName
  return sequence(
    ...of(country),
    ...organizations.map((text) => part(oids.organization, text)),
    ...rest.flatMap(of),
    ...(commonName === '' ? [] : [part(oids.commonName, commonName)]),
    ...of(serialNumber),
  )
}

function keyUsageExtension(usages: readonly string[]): readonly Buffer[] {
  const wanted = usages.flatMap((usage) => keyUsages[usage] ?? [])
  if (wanted.length === 0) return []
  const last = wanted.reduce((a, b) => Math.max(a, b))
  const bytes = Buffer.alloc(last < 8 ? 1 : 2)
  for (const bit of wanted) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return [extension(oids.keyUsage, bits(bytes, 7 - (last & 7)), true)]
}

function purposeExtension(usages: readonly string[]): readonly Buffer[] {
  const wanted = new Set(purposes.filter(([usage]) => usages.includes(usage)).map(([, identifier]) => identifier))
  if (wanted.size === 0) return []
  return [extension(oids.extendedKeyUsage, sequence(...Array.from(wanted, objectIdentifier)), false)]
}

function namesExtension({ names, subject }: SigningRequest): readonly Buffer[] {
  const all = [
    ...names.dnsNames.map((name) => implicit(2, Buffer.from(name, 'latin1'))),
    ...names.emails.map((email) => implicit(1, Buffer.from(email, 'latin1'))),
    ...names.addresses.map((address) => implicit(7, address)),
    ...names.uris.map((uri) => implicit(6, Buffer.from(uri, 'latin1'))),
  ]
  if (all.length === 0) return []
  // Without a subject the names are all there is: then they must be understood.
  const isCritical = subject.commonName === '' && subject.organizations.length === 0 && subject.others.length === 0
  return [extension(oids.alternativeName, sequence(...all), isCritical)]
}
