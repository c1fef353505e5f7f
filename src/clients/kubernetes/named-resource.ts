/** Finds the resource that a person means: plural, singular, kind or short name, with or without its group. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { APIGroupDiscoveryList } from '#spec/kubernetes/objects/apidiscovery-v2.generated.ts'
import type { ApiResource } from './api-resource.ts'
import type { KubeClient } from './kube-client.ts'

export interface NamedResource {
  readonly resource: ApiResource
  /** `deployment`. */
  readonly singular: string
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/**
 * Looks a word up in the server's aggregated discovery (`deploy`, `Deployment`, `deployments.apps`, `deployments.v1.apps`).
 * The core group wins, then the order of the server's groups, as kubectl has it.
 * @returns undefined when the server has none of that name. @throws GantryError when discovery does not answer.
 */
export async function findNamedResource(client: KubeClient, word: string): Promise<NamedResource | undefined> {
  for (const path of ['/api', '/apis']) {
    // Most words are found in the first document.
    const found = allIn(await readDiscovery(client, path)).find((one) => isMeant(one, word.toLowerCase()))
    if (found !== undefined) return found
  }
  return undefined
}

interface Candidate extends NamedResource {
  readonly names: readonly string[]
}

function allIn({ items }: APIGroupDiscoveryList): readonly Candidate[] {
  return items.flatMap(({ metadata, versions = [] }) =>
    versions.flatMap(({ version = '', resources = [] }) =>
      resources.map(({ resource = '', singularResource: singular = '', shortNames = [], responseKind, scope }) => {
        const kind = responseKind?.kind ?? ''
        const group = metadata.name ?? ''
        return {
          resource: { group, version, resource, kind, namespaced: scope === 'Namespaced' },
          singular,
          names: [resource, singular, kind.toLowerCase(), ...shortNames],
        }
      }),
    ),
  )
}

function isMeant({ names, resource: { group, version } }: Candidate, word: string): boolean {
  return names.some((name) => [name, `${name}.${group}`, `${name}.${version}.${group}`].includes(word))
}

async function readDiscovery(client: KubeClient, path: string): Promise<APIGroupDiscoveryList> {
  const reply = await client.raw({ path, headers: { accept: aggregated } })
  const text = Buffer.from(reply.body).toString()
  if (reply.status !== 200)
    throw new GantryError(
      'DISCOVERY_FAILED',
      'unavailable',
      `discovery answered ${reply.status}: ${text.slice(0, 200)}`,
      { remedy: 'Is the server ready, and may you read it? kubectl get --raw /readyz tells.' },
    )
  return JSON.parse(text) as APIGroupDiscoveryList
}
