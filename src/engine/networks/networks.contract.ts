/** What the tests of this folder share: an engine's networks on the real kernel, with nothing left when they are done. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import type { VersionedStore } from '#kit/store/versioned-store.ts'
import type { World } from '#world/ports/world.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createKernel } from '#world/real/kernel/kernel.ts'
import { readMachine } from '#world/real/machine.ts'
import { createNetwork } from '#world/real/network.ts'
import { createProcesses } from '#world/real/processes.ts'
import { createRandom } from '#world/real/random.ts'
import type { DefaultPool } from './address-pools.ts'
import type { EndpointWish } from './attach-endpoint.ts'
import { createNetworks } from './networks.ts'
import type { NetworkEvent, Networks } from './networks.ts'
import type { JoinRequest } from './join-container.ts'

export const noWish: EndpointWish = { aliases: [], links: {}, gatewayPriority: 0 }
export const noPorts: JoinRequest['ports'] = { bindings: {}, exposed: [], publishAll: false }

export interface NetworksFixture extends AsyncDisposable {
  readonly world: World
  readonly networks: Networks
  readonly events: NetworkEvent[]
  readonly instance: string
  readonly pools: readonly DefaultPool[]
  readonly runDirectory: string
  /** Programs that were started so far, by the engine and by `inside`. */
  programsStarted(): number
  /** Ends the engine without taking anything away, as a crash does, and starts the next. */
  restart(): Promise<Networks>
  /** Joins a container whose id begins with the given digits. */
  join(
    name: string,
    networks: readonly (string | readonly [string, Partial<EndpointWish>])[],
    ports?: Partial<JoinRequest['ports']> & { readonly dns?: readonly string[] },
  ): Promise<string>
  /** Runs a shell command in a container's namespace; answers what it printed. */
  inside(containerId: string, command: string): Promise<string>
}

export function realWorld(): World {
  const processes = createProcesses()
  const kernel = createKernel({ processes })
  return {
    clock: createClock(),
    random: createRandom(),
    files: createFiles(),
    processes,
    network: createNetwork(),
    kernel,
    machine: readMachine(),
  }
}

function countingWorld(): { readonly world: World; programsStarted(): number } {
  const real = realWorld()
  const { processes } = real
  let count = 0
  const world: World = {
    ...real,
    processes: {
      ...processes,
      run: (...args) => {
        count += 1
        return processes.run(...args)
      },
      spawn: (...args) => {
        count += 1
        return processes.spawn(...args)
      },
    },
  }
  return { world, programsStarted: () => count }
}

function leftovers(instance: string): string[] {
  const links = readFileSync('/proc/net/dev', 'utf8').match(/^\s*[^:\s]+(?=:)/gm) ?? []
  return links.map((name) => name.trim()).filter((name) => name.includes(instance))
}

/** A fresh engine with its own instance, subnets and folder. Its disposal also checks that the machine is as before. */
export async function networksFixture(
  options: { readonly pools?: readonly DefaultPool[] } = {},
): Promise<NetworksFixture> {
  const { world, programsStarted } = countingWorld()
  const store: VersionedStore = createMemoryStore({ clock: world.clock })
  const instance = randomBytes(4).toString('hex')
  const runDirectory = mkdtempSync('/tmp/gantry-networks-')
  const events: NetworkEvent[] = []
  // Of the range that is kept for tests of networks (RFC 2544): the machine's own never lies there.
  const part = Number.parseInt(instance.slice(0, 4), 16) % 32
  const pools = options.pools ?? [{ base: `198.${18 + (part >> 4)}.${(part & 15) * 16}.0/20`, size: 24 }]
  const start = (): Promise<Networks> =>
    createNetworks(
      { world, store, emit: (event) => events.push(event), warn: (message) => assert.fail(message) },
      { instance, runDirectory, pools, poolLock: '/tmp/gantry-test-pools.lock' },
    )
  let networks = await start()
  return {
    world,
    events,
    instance,
    pools,
    runDirectory,
    programsStarted,
    get networks() {
      return networks
    },
    restart: async () => {
      await networks[Symbol.asyncDispose]()
      networks = await start()
      return networks
    },
    join: async (name, wanted, ports) => {
      const containerId = randomBytes(32).toString('hex')
      await networks.join({
        containerId,
        name,
        hostname: containerId.slice(0, 12),
        dns: ports?.dns ?? [],
        networks: wanted.map((entry) =>
          typeof entry === 'string'
            ? { network: networks.find(entry), wish: noWish }
            : { network: networks.find(entry[0]), wish: { ...noWish, ...entry[1] } },
        ),
        ports: { ...noPorts, ...ports },
      })
      return containerId
    },
    inside: async (containerId, command) => {
      const { stdout, stderr, exitCode } = await world.processes.run(
        'nsenter',
        [`--net=${networks.netnsPath(containerId)}`, 'sh', '-c', command],
        { timeoutMs: 15_000 },
      )
      return `${stdout}${stderr}${exitCode === 0 ? '' : `exit ${exitCode}\n`}`
    },
    [Symbol.asyncDispose]: async () => {
      const bridges = networks.list({ driver: ['bridge'] }).map(({ Id }) => `br-${String(Id).slice(0, 12)}`)
      await networks.tearDown()
      await networks[Symbol.asyncDispose]()
      const pins = await world.kernel.mounts.listBelow(runDirectory)
      rmSync(runDirectory, { recursive: true })
      assert.deepEqual(pins, [], 'no namespace stays pinned')
      // Interfaces go with their namespace, a moment later.
      for (let tries = 0; tries < 1500 && leftovers(instance).length > 0; tries += 1) await world.clock.sleep(20)
      assert.deepEqual(leftovers(instance), [], 'no link stays')
      for (const bridge of bridges) assert.equal(leftovers(bridge).length, 0, `${bridge} is gone`)
      assert.throws(() => world.kernel.packetFilter.list(`list table inet gantry_${instance}`), 'the table is gone')
    },
  }
}
