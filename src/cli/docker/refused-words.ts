/** Commands of the stock client that this one has not, each with the reason and the way to go instead. */

const reasons: Readonly<Record<string, string>> = {
  trust: 'content trust needs a Notary server, which nobody runs for this client; name images by digest: NAME@sha256:…',
  secret: 'secrets belong to a swarm, which this engine is never part of; use Secrets of a Kubernetes cluster',
  config: 'configs belong to a swarm, which this engine is never part of; use ConfigMaps of a Kubernetes cluster',
  swarm: 'swarm mode is not part of this engine; clusters are Kubernetes’ part',
  manifest: 'lists of manifests are not made here; the stock client makes them, it needs no engine for that',
  buildx: 'BuildKit is not part of this client; build with the classic builder: build',
}

/** Why a word is no command here; undefined for one that never was. Pure. */
export function reasonOfRefusal(word: string): string | undefined {
  return Object.hasOwn(reasons, word) ? reasons[word] : undefined
}
