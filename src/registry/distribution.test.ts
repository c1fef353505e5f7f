import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { createHttpClient } from '#kit/http/client.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createNetwork } from '#world/real/network.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import { distributionContract } from './distribution.contract.ts'
import type { RegistryFeature, RegistryTarget } from './distribution.contract.ts'
import { startPeerRegistry } from './peer-registry.contract.ts'
import { createRegistry } from './registry.ts'

const clock = createClock()
const files = createFiles()
const deps = { clock, files, random: createRandom(), network: createNetwork(), processes: createProcesses() }
const owned = new AsyncDisposableStack()
const http = owned.use(createHttpClient({ clock }))
const targets = new Map<string, RegistryTarget>()
const everything: readonly RegistryFeature[] = [
  'referrers',
  'tag-delete',
  'tag-pages',
  'sha512',
  'oci-index',
  'chunk-order',
  'etag',
  'range-refusal',
]
const peerInstalled = (await deps.processes.find('docker-registry')) !== undefined

before(async () => {
  const directory = owned.use(await files.temporaryDirectory('registry-contract-'))
  const registry = owned.use(await createRegistry(deps, { root: `${directory.path}/ours`, limits: { durable: false } }))
  targets.set('ours', { name: 'gantry', url: registry.url, http, supports: new Set(everything) })
  const peer = await startPeerRegistry(deps, directory.path)
  if (peer === undefined) return
  owned.use(peer)
  targets.set('peer', {
    name: 'docker-registry 2.8',
    url: peer.url,
    http,
    supports: new Set<RegistryFeature>(['oci-index', 'etag']),
  })
})
after(() => owned.disposeAsync())

function targetNamed(name: string): RegistryTarget {
  const target = targets.get(name)
  assert.ok(target !== undefined, `${name} did not start`)
  return target
}

distributionContract('gantry', () => targetNamed('ours'))
if (peerInstalled) distributionContract('docker-registry', () => targetNamed('peer'))
