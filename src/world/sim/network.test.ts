import assert from 'node:assert/strict'
import test from 'node:test'
import { networkContract } from '#world/ports/network.contract.ts'
import { SimClock } from './clock.ts'
import { createSimNetwork, type NetworkFaults } from './network.ts'
import { createSeededRandom } from './random.ts'

networkContract('memory', () => createSimNetwork({ clock: new SimClock(), random: createSeededRandom(1) }))

async function deliveries(seed: number, faults: Partial<NetworkFaults>): Promise<number[]> {
  const clock = new SimClock()
  const network = createSimNetwork({ clock, random: createSeededRandom(seed), faults })
  await using from = await network.openDatagram({})
  await using to = await network.openDatagram({})
  const seen: number[] = []
  to.onMessage(({ payload }) => seen.push(payload[0] ?? 0))
  for (let index = 0; index < 100; index++) await from.send(Uint8Array.of(index), '127.0.0.1', to.port)
  await clock.advance(1000)
  return seen
}

test('datagrams get lost, come twice and overtake each other, the same way for the same seed', async () => {
  const faults = { loss: 0.2, duplication: 0.2, delayMs: [1, 50] as const }
  const seen = await deliveries(3, faults)
  assert.ok(new Set(seen).size < 100, 'some are lost')
  assert.ok(seen.length > new Set(seen).size, 'some come twice')
  assert.notDeepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  assert.deepEqual(await deliveries(3, faults), seen)
})

test('a slow connection keeps the order of its bytes', async () => {
  const clock = new SimClock()
  const network = createSimNetwork({ clock, random: createSeededRandom(5), faults: { delayMs: [1, 100] } })
  const got: string[] = []
  const listener = await network.listen({}, (socket) =>
    socket.on('data', (chunk: Buffer) => got.push(chunk.toString())),
  )
  const dialled = network.dial({ host: 'x', port: listener.port })
  await clock.advance(200)
  const socket = await dialled
  for (const letter of 'abcdef') socket.write(letter)
  await clock.advance(2000)
  assert.equal(got.join(''), 'abcdef')
  socket.destroy()
  await clock.advance(200)
  await listener[Symbol.asyncDispose]()
})
