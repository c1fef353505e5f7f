/** Certificates and keys of a cluster's folder: made and stored the first time, read ever after. */
import type { IssuedCertificate } from '#kit/tls/issue-certificate.ts'
import { createSigningKey, type SigningKeyPair } from '#kit/tls/signing-key.ts'
import type { Files } from '#world/ports/files.ts'

/** The certificate at `PATH.crt` with the key at `PATH.key`. */
export async function keptCertificate(
  files: Files,
  path: string,
  make: () => IssuedCertificate,
): Promise<IssuedCertificate> {
  if (await files.exists(`${path}.key`)) {
    const [certificate, key] = await Promise.all([files.readText(`${path}.crt`), files.readText(`${path}.key`)])
    return { certificate, key }
  }
  const made = make()
  // The key comes last: what is half-written counts as missing.
  await files.write(`${path}.crt`, made.certificate, { mode: 0o644 })
  await files.write(`${path}.key`, made.key, { mode: 0o600 })
  return made
}

/** The signing keys at `PATH.pub` and `PATH.key`. */
export async function keptSigningKeys(files: Files, path: string): Promise<SigningKeyPair> {
  if (await files.exists(`${path}.key`)) {
    const [publicKey, privateKey] = await Promise.all([files.readText(`${path}.pub`), files.readText(`${path}.key`)])
    return { publicKey, privateKey }
  }
  const made = await createSigningKey()
  await files.write(`${path}.pub`, made.publicKey, { mode: 0o644 })
  await files.write(`${path}.key`, made.privateKey, { mode: 0o600 })
  return made
}
