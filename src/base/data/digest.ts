/** Content digests as OCI writes them (`sha256:<hex>`), and the streaming hasher behind them. */
import { createHash } from 'node:crypto'

/** `sha256:` and 64 lower-case hex digits (OCI image spec, descriptor.md, registered algorithms; sha512 is accepted when parsing). */
export type Digest = `${'sha256' | 'sha512'}:${string}`

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** True when `text` is a well-formed digest of a supported algorithm. */
export function isDigest(text: string): text is Digest {
  return pattern.test(text)
}

/** The hex part of a digest. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** SHA-256 of bytes or UTF-8 text as a digest. */
export function digestOf(content: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** A running digest: feed it chunks, read it once. */
export interface DigestStream {
  /** Bytes seen so far. */
  readonly sizeBytes: number
  update(chunk: Uint8Array | string): void
  /** The digest of everything fed so far; more may follow. */
  soFar(): Digest
  /** The digest of everything fed; the stream must not be used afterwards. */
  finish(): Digest
}

/** Starts a running SHA-256 (or SHA-512) digest. */
export function createDigestStream(algorithm: 'sha256' | 'sha512' = 'sha256'): DigestStream {
  const hash = createHash(algorithm)
  let sizeBytes = 0
  return {
    get sizeBytes() {
      return sizeBytes
    },
    update(chunk) {
      sizeBytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
      hash.update(chunk)
    },
    soFar: () => `${algorithm}:${hash.copy().digest('hex')}`,
    finish: () => `${algorithm}:${hash.digest('hex')}`,
  }
}

/**
 * The chain id of a stack of layers: identifies a filesystem by the diff ids of its layers, bottom first
 * (OCI image spec, config.md, "Layer ChainID").
 */
export function chainIdOf(diffIds: readonly Digest[]): Digest | undefined {
  let chain: Digest | undefined
  for (const diffId of diffIds) chain = chain === undefined ? diffId : digestOf(`${chain} ${diffId}`)
  return chain
}
