/** What a simulated cluster needs to be somebody for clients over TLS: an authority, keys for tokens, words for documents. */
import { createTokenKeys } from '#cluster/apiserver/authentication/token-keys.ts'
import type { ApiServerDeps } from '#cluster/apiserver/api-server.ts'
import { type ApiServerConfig, defaultApiServerConfig } from '#cluster/apiserver/api-server-config.ts'
import { createTokenUse } from '#cluster/controllers/accounts/token-use.ts'
import type { HousekeepingConfig } from '#cluster/controllers/housekeeping-controllers.ts'
import { createAuthority, type IssuedCertificate } from '#kit/tls/issue-certificate.ts'
import { createSigningKey, type SigningKeyPair } from '#kit/tls/signing-key.ts'
import type { Clock } from '#world/ports/clock.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { readTypeWords } from '#roles/server/read-type-words.ts'
import { openServerStreaming, type StreamingSurroundings } from '#roles/server/server-streaming.ts'

export interface ClusterIdentity {
  /** Signs what listens, who asks and what the cluster itself signs. Made by the wall's clock: clients check it. */
  readonly authority: IssuedCertificate
  readonly keys: SigningKeyPair
}

/** Makes an identity. It is not part of a cluster's seed: nobody sees it but clients over TLS. */
export async function createClusterIdentity(): Promise<ClusterIdentity> {
  const world = { clock: createClock(), random: createRandom() }
  return { authority: createAuthority(world, 'gantry'), keys: await createSigningKey() }
}

/** What the parts of a cluster get of its identity. */
export interface IdentityParts {
  readonly deps: Pick<ApiServerDeps, 'tokenKeys' | 'streaming' | 'readTypeWords'>
  readonly config: Pick<Partial<ApiServerConfig>, 'certificateAuthority'>
  readonly controllers: Pick<HousekeepingConfig, 'accountTokens' | 'tokenUse'>
}

/** The parts of a cluster that is nobody: it signs no tokens, and fills no secrets with them. */
export const noIdentityParts: IdentityParts = { deps: {}, config: {}, controllers: {} }

/** What the parts of a cluster get of `identity`; tokens live by the cluster's `clock`. */
export async function identityParts(
  { authority, keys }: ClusterIdentity,
  { clock, ...surroundings }: StreamingSurroundings & { readonly clock: Clock },
): Promise<IdentityParts> {
  const world = { clock: createClock(), random: createRandom() }
  const tokenUse = createTokenUse()
  const tokenKeys = await createTokenKeys({ clock, issuer: defaultApiServerConfig.issuer, ...keys })
  return {
    deps: {
      tokenKeys: { ...tokenKeys, noteSecretUse: tokenUse.note },
      streaming: openServerStreaming(world, authority, surroundings),
      readTypeWords: () => readTypeWords(createFiles()),
    },
    config: { certificateAuthority: authority.certificate },
    controllers: { accountTokens: { sign: tokenKeys.sign, authorityPem: authority.certificate }, tokenUse },
  }
}
