/** Certificates of the cluster's own authority: X.509 v3 (RFC 5280), ECDSA P-256 with SHA-256. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { digestHex, digestOf } from '#base/data/digest.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { formatInstant, type Clock } from '#world/ports/clock.ts'
import type { Random } from '#world/ports/random.ts'
import {
  bits,
  certificateTime,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octets,
  sequence,
  set,
  truth,
  utf8Text,
} from './der.ts'

/** PEM texts. */
export interface IssuedCertificate {
  readonly certificate: string
  /** PKCS #8. */
  readonly key: string
}

export interface IssueParts {
  readonly clock: Clock
  readonly random: Random
}

export interface CertificateRequest {
  readonly commonName: string
  readonly organizations?: readonly string[]
  /** Names and addresses of a server. */
  readonly dnsNames?: readonly string[]
  readonly addresses?: readonly string[]
  /** What it is for, where names alone do not say: servers serve, others are clients. */
  readonly usages?: readonly ('client' | 'server')[]
  readonly lifetimeMs?: number
}

const dayMs = 86_400_000
/** Clocks of other machines may be a little behind. */
const skewMs = 300_000
const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
/** Object identifiers of the parts of certificates. */
export const oids: Readonly<
  Record<
    | 'commonName'
    | 'organization'
    | 'basicConstraints'
    | 'keyUsage'
    | 'extendedKeyUsage'
    | 'alternativeName'
    | 'subjectKey'
    | 'authorityKey',
    string
  >
> = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  alternativeName: '2.5.29.17',
  subjectKey: '2.5.29.14',
  authorityKey: '2.5.29.35',
}
const purposes = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const

function nameOf(commonName: string, organizations: readonly string[]): Buffer {
  const part = (oid: string, text: string): Buffer => set(sequence(objectIdentifier(oid), utf8Text(text)))
  return sequence(...organizations.map((one) => part(oids.organization, one)), part(oids.commonName, commonName))
}

/** One extension of a certificate. */
export function extension(oid: string, content: Uint8Array, isCritical: boolean): Buffer {
  return sequence(objectIdentifier(oid), ...(isCritical ? [truth()] : []), octets(content))
}

function publicKeyInfo(key: KeyObject): Buffer {
  return (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' })
}

/** The identifier of a key: its digest, cut to 20 bytes (RFC 7093). */
function keyIdentifier(info: Uint8Array): Buffer {
  return Buffer.from(digestHex(digestOf(info)), 'hex').subarray(0, 20)
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

/** What a certificate says, its parts encoded. */
export interface CertificateContent {
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly lifetimeMs: number
  readonly publicKey: Buffer
  readonly extensions: readonly Buffer[]
}

/** Signs a certificate with the key of its issuer; it begins a little before now. @returns PEM */
export function signCertificate({ clock, random }: IssueParts, content: CertificateContent, by: KeyObject): string {
  const nowMs = clock.now()
  const time = (ms: number): Buffer => certificateTime(formatInstant(Math.floor(ms / 1000) * 1000))
  const serial = Buffer.from(random.bytes(16))
  // Positive and of full length, so that it never encodes differently.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    content.issuer,
    sequence(time(nowMs - skewMs), time(nowMs + content.lifetimeMs)),
    content.subject,
    content.publicKey,
    explicit(3, sequence(...content.extensions)),
  )
  const der = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, by)))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** Makes a new authority, good for ten years. */
export function createAuthority(parts: IssueParts, commonName: string): IssuedCertificate {
  const key = newKey()
  const publicKey = publicKeyInfo(key)
  const name = nameOf(commonName, [])
  const certificate = signCertificate(
    parts,
    {
      issuer: name,
      subject: name,
      lifetimeMs: 3650 * dayMs,
      publicKey,
      extensions: [
        // digitalSignature, keyCertSign, cRLSign
        extension(oids.keyUsage, bits(Buffer.from([0b1000_0110]), 1), true),
        extension(oids.basicConstraints, sequence(truth()), true),
        extension(oids.subjectKey, octets(keyIdentifier(publicKey)), false),
      ],
    },
    key,
  )
  return { certificate, key: pemOf(key) }
}

/** Issues a certificate with a new key. */
export function issueCertificate(
  parts: IssueParts,
  authority: IssuedCertificate,
  request: CertificateRequest,
): IssuedCertificate {
  const key = newKey()
  return { certificate: certify(parts, authority, { ...request, publicKey: publicKeyInfo(key) }), key: pemOf(key) }
}

/** Certifies a key that somebody else made. `publicKey` is SPKI in DER. @throws for an address that is none. */
export function certify(
  parts: IssueParts,
  authority: IssuedCertificate,
  request: CertificateRequest & { readonly publicKey: Buffer },
): string {
  const { commonName, organizations = [], dnsNames = [], addresses = [], publicKey, lifetimeMs = 365 * dayMs } = request
  const issuer = new X509Certificate(authority.certificate)
  const names = [
    ...dnsNames.map((name) => implicit(2, Buffer.from(name))),
    ...addresses.map((address) => implicit(7, addressBytes(address))),
  ]
  const usages = request.usages ?? [names.length > 0 ? 'server' : 'client']
  return signCertificate(
    parts,
    {
      issuer: subjectOf(authority.certificate),
      subject: nameOf(commonName, organizations),
      lifetimeMs,
      publicKey,
      extensions: [
        // digitalSignature, keyEncipherment
        extension(oids.keyUsage, bits(Buffer.from([0b1010_0000]), 5), true),
        extension(oids.extendedKeyUsage, sequence(...usages.map((usage) => objectIdentifier(purposes[usage]))), false),
        extension(oids.basicConstraints, sequence(), true),
        authorityKeyExtension(issuer),
        ...(names.length === 0 ? [] : [extension(oids.alternativeName, sequence(...names), false)]),
      ],
    },
    createPrivateKey(authority.key),
  )
}

/** Names the key that signed. */
export function authorityKeyExtension(issuer: X509Certificate): Buffer {
  return extension(oids.authorityKey, sequence(implicit(0, keyIdentifier(publicKeyInfo(issuer.publicKey)))), false)
}

/** The subject of a certificate exactly as it is encoded there: chains are matched byte by byte. */
export function subjectOf(pem: string): Buffer {
  const der = new X509Certificate(pem).raw
  // Certificate, then its body: version, serial, algorithm, issuer, validity, subject.
  let at = contentStart(der, contentStart(der, 0))
  for (let skipped = 0; skipped < 5; skipped++) at = elementEnd(der, at)
  return Buffer.from(der.subarray(at, elementEnd(der, at)))
}

function lengthAt(der: Buffer, at: number): { readonly start: number; readonly length: number } {
  const first = der[at + 1] ?? 0
  if (first < 0x80) return { start: at + 2, length: first }
  const count = first & 0x7f
  return { start: at + 2 + count, length: der.readUIntBE(at + 2, count) }
}

function contentStart(der: Buffer, at: number): number {
  return lengthAt(der, at).start
}

function elementEnd(der: Buffer, at: number): number {
  const { start, length } = lengthAt(der, at)
  return start + length
}

/** An IP address as certificates carry it. */
function addressBytes(text: string): Buffer {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return Buffer.from(text.split('.').map(Number))
  const [head = '', tail, ...more] = text.split('::')
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16))
  const left = words(head)
  const right = words(tail ?? '')
  const middle = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => 0)
  const all = [...left, ...middle, ...right]
  if (more.length > 0 || all.length !== 8 || all.some((word) => !(word >= 0 && word <= 0xffff)))
    throw new GantryError('TLS_ADDRESS_INVALID', 'invalid', `not an IP address: ${text}`, {
      remedy: 'Give addresses as 10.0.0.1 or fd00::1, without port or zone; names belong among the names.',
    })
  const out = Buffer.alloc(16)
  for (const [index, word] of all.entries()) out.writeUInt16BE(word, index * 2)
  return out
}
