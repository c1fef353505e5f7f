/**
 * Sealing of stored values with a secret key: AES-GCM, AES-CBC and NaCl's secretbox, each with its nonce in front, in the
 * layouts that kube-apiserver writes (encryption at rest). Only AES-GCM binds a value to its place.
 */
import { createCipheriv, createDecipheriv, type CipherGCMTypes } from 'node:crypto'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import type { Random } from '#world/ports/random.ts'

export type SealKind = 'aesgcm' | 'aescbc' | 'secretbox'

export interface ValueSeal {
  /** `place` is bound to the value where the kind can do that. */
  seal(value: Uint8Array, place: string): Buffer
  /** @throws for anything that this key did not seal. */
  open(sealed: Uint8Array, place: string): Buffer
}

/** Lengths of keys in bytes. */
export const sealKeyBytes: Readonly<Record<SealKind, readonly number[]>> = {
  aesgcm: [16, 24, 32],
  aescbc: [16, 24, 32],
  secretbox: [32],
}

const gcmNonceBytes = 12
const gcmTagBytes = 16
const cbcBlockBytes = 16
const boxNonceBytes = 24

/** Makes the seal of a key. @throws for a key of another length. */
export function createValueSeal(kind: SealKind, key: Uint8Array, random: Random): ValueSeal {
  if (!sealKeyBytes[kind].includes(key.length)) throw new RangeError(`a key of ${key.length} bytes is none for ${kind}`)
  if (kind === 'aesgcm') return gcmSeal(key, random)
  return kind === 'aescbc' ? cbcSeal(key, random) : boxSeal(key, random)
}

function gcmSeal(key: Uint8Array, random: Random): ValueSeal {
  const name = `aes-${key.length * 8}-gcm` as CipherGCMTypes
  return {
    seal: (value, place) => {
      const nonce = random.bytes(gcmNonceBytes)
      const cipher = createCipheriv(name, key, nonce).setAAD(Buffer.from(place))
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()])
    },
    open: (sealed, place) => {
      if (sealed.length < gcmNonceBytes + gcmTagBytes)
        throw new RangeError('the stored data was shorter than the required size')
      const end = sealed.length - gcmTagBytes
      const decipher = createDecipheriv(name, key, sealed.subarray(0, gcmNonceBytes), { authTagLength: gcmTagBytes })
      decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(end))
      return Buffer.concat([decipher.update(sealed.subarray(gcmNonceBytes, end)), decipher.final()])
    },
  }
}

function cbcSeal(key: Uint8Array, random: Random): ValueSeal {
  const name = `aes-${key.length * 8}-cbc`
  return {
    seal: (value) => {
      const nonce = random.bytes(cbcBlockBytes)
      const cipher = createCipheriv(name, key, nonce)
      return Buffer.concat([nonce, cipher.update(value), cipher.final()])
    },
    open: (sealed) => {
      if (sealed.length < 2 * cbcBlockBytes || sealed.length % cbcBlockBytes !== 0)
        throw new RangeError('the stored data is not a multiple of the block size')
      const decipher = createDecipheriv(name, key, sealed.subarray(0, cbcBlockBytes))
      return Buffer.concat([decipher.update(sealed.subarray(cbcBlockBytes)), decipher.final()])
    },
  }
}

function boxSeal(key: Uint8Array, random: Random): ValueSeal {
  return {
    seal: (value) => {
      const nonce = random.bytes(boxNonceBytes)
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(value)])
    },
    open: (sealed) => {
      const nonce = sealed.subarray(0, boxNonceBytes)
      if (nonce.length < boxNonceBytes) throw new RangeError('the stored data was shorter than the required size')
      return Buffer.from(xsalsa20poly1305(key, nonce).decrypt(sealed.subarray(boxNonceBytes)))
    },
  }
}
