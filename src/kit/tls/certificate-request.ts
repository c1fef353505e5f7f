/** Certificate signing requests (PKCS #10, RFC 2986), as kubelets and users send them. Input is hostile. */
import { createPublicKey, verify } from 'node:crypto'
import { GantryError } from '#base/errors/gantry-error.ts'
import {
  type DerElement,
  derChild,
  derChildren,
  derTags,
  readBits,
  readDer,
  readIdentifier,
  readText,
} from './der-reader.ts'

/** Who is to be certified. Attributes beside these are of no use to the cluster and are not certified. */
export interface RequestedSubject {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Other attributes by object identifier, in their order: country, unit, locality, … */
  readonly others: readonly (readonly [identifier: string, text: string])[]
}

/** The alternative names of a request. */
export interface RequestedNames {
  readonly dnsNames: readonly string[]
  readonly emails: readonly string[]
  readonly uris: readonly string[]
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[]
}

export interface SigningRequest {
  readonly subject: RequestedSubject
  readonly names: RequestedNames
  /** SPKI in DER. */
  readonly publicKey: Uint8Array
  /** True when who asks holds the key. */
  readonly isSignatureValid: boolean
}

const identifiers = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  alternativeName: '2.5.29.17',
} as const

/** Signature algorithm to the digest that it signs; Ed25519 signs the bytes themselves. */
const digests: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}
const pemBlock = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]*)-----END/
const bytesMost = 65_536

/**
 * Reads a request.
 * @param pem text with one `CERTIFICATE REQUEST` block
 * @throws GantryError for anything else.
 */
export function parseSigningRequest(pem: string): SigningRequest {
  const block = pem.length > bytesMost ? null : pemBlock.exec(pem)
  if (block === null)
    throw new GantryError('TLS_REQUEST_INVALID', 'invalid', 'PEM block type must be CERTIFICATE REQUEST', {
      remedy: 'Send the request as "openssl req -new" writes it.',
    })
  const parts = derChildren(readDer(Buffer.from(block[1] ?? '', 'base64'), derTags.sequence))
  const body = derChild(parts, 0, derTags.sequence)
  const fields = derChildren(body)
  derChild(fields, 0, derTags.integer)
  const publicKey = derChild(fields, 2, derTags.sequence).whole
  const signature = {
    algorithm: readIdentifier(derChild(derChildren(derChild(parts, 1, derTags.sequence)), 0, derTags.identifier)),
    value: readBits(derChild(parts, 2, derTags.bits)),
  }
  return {
    subject: readSubject(derChild(fields, 1, derTags.sequence)),
    names: readNames(fields[3]),
    publicKey,
    isSignatureValid: isSigned(body.whole, publicKey, signature),
  }
}

function readSubject(name: DerElement): RequestedSubject {
  let commonName = ''
  const organizations: string[] = []
  const others: (readonly [string, string])[] = []
  for (const attribute of derChildren(name).flatMap((set) => derChildren(set))) {
    const pair = derChildren(attribute)
    const identifier = readIdentifier(derChild(pair, 0, derTags.identifier))
    const value = pair[1]
    if (value === undefined) continue
    const text = readText(value)
    // Of several common names the last counts; only that one is certified.
    if (identifier === identifiers.commonName) commonName = text
    else if (identifier === identifiers.organization) organizations.push(text)
    else others.push([identifier, text])
  }
  return { commonName, organizations, others }
}

/** The alternative names among the wanted extensions; other extensions are not heeded. */
function readNames(attributes: DerElement | undefined): RequestedNames {
  const found = {
    dnsNames: [] as string[],
    emails: [] as string[],
    uris: [] as string[],
    addresses: [] as Uint8Array[],
  }
  for (const extension of wantedExtensions(attributes)) {
    const fields = derChildren(extension)
    if (readIdentifier(derChild(fields, 0, derTags.identifier)) !== identifiers.alternativeName) continue
    const value = derChild(fields, fields.length - 1, derTags.octets)
    for (const { tag, content } of derChildren(readDer(value.content, derTags.sequence))) {
      const text = Buffer.from(content).toString('latin1')
      if (tag === 0x81) found.emails.push(text)
      else if (tag === 0x82) found.dnsNames.push(text)
      else if (tag === 0x86) found.uris.push(text)
      else if (tag === 0x87 && (content.length === 4 || content.length === 16)) found.addresses.push(content)
    }
  }
  return found
}

function wantedExtensions(attributes: DerElement | undefined): readonly DerElement[] {
  if (attributes === undefined) return []
  return derChildren(attributes).flatMap((attribute) => {
    const pair = derChildren(attribute)
    if (readIdentifier(derChild(pair, 0, derTags.identifier)) !== identifiers.extensionRequest) return []
    return derChildren(derChild(pair, 1, derTags.set)).flatMap((list) => derChildren(list))
  })
}

function isSigned(
  body: Uint8Array,
  publicKey: Uint8Array,
  { algorithm, value }: { readonly algorithm: string; readonly value: Uint8Array },
): boolean {
  const digest = digests[algorithm]
  if (digest === undefined) return false
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    return verify(digest, body, key, value)
  } catch {
    // A key that cannot be read has signed nothing.
    return false
  }
}
