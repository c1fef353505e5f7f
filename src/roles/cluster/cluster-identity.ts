/** What a simulated cluster needs to be somebody for clients over TLS: an authority, keys for tokens, words for documents. */
import { createTokenKeys } from '#cluster/apiserver/authentication/token-keys.ts'
import type { ApiServerDeps } from '#cluster/apiserver/api-server.ts'
import { defaultApiServerConfig } from '#cluster/apiserver/api-server-config.ts'
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

/** What the API server gets of an identity; tokens live by the cluster's `clock`. */
export async function identityDeps(
  identity: ClusterIdentity,
  { clock, ...surroundings }: StreamingSurroundings & { readonly clock: Clock },
): Promise<Pick<ApiServerDeps, 'tokenKeys' | 'streaming' | 'readTypeWords'>> {
  const world = { clock: createClock(), random: createRandom() }
  return {
    tokenKeys: await createTokenKeys({ clock, issuer: defaultApiServerConfig.issuer, ...identity.keys }),
    streaming: openServerStreaming(world, identity.authority, surroundings),
    readTypeWords: () => readTypeWords(createFiles()),
  }
}
