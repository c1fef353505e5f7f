import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import test from 'node:test'
import type { Kernel } from '#world/ports/kernel.ts'
import { SimClock } from '#world/sim/clock.ts'
import { AttachBroker } from './attach-broker.ts'
import type { OutputSink } from './attach-broker.ts'

/** A monitor's socket that the test plays: packets in, packets out. */
class MonitorSocket extends Duplex {
  readonly received: Buffer[] = []
  inputEnded = false

  constructor() {
    super({ objectMode: true, allowHalfOpen: true })
  }

  override _read(): void {}

  override _write(packet: Buffer, _encoding: string, done: () => void): void {
    this.received.push(packet)
    setImmediate(done)
  }

  override _final(done: () => void): void {
    this.inputEnded = true
    done()
  }

  say(stream: 'stdout' | 'stderr', text: string): void {
    this.push(Buffer.concat([Buffer.of(stream === 'stdout' ? 2 : 3), Buffer.from(text)]))
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function connected(): { broker: AttachBroker; socket: MonitorSocket; clock: SimClock } {
  const clock = new SimClock()
  const socket = new MonitorSocket()
  const broker = new AttachBroker(clock)
  broker.connect({ connectSeqpacket: () => socket } as unknown as Kernel, '/nowhere')
  return { broker, socket, clock }
}

interface Client extends OutputSink {
  text: string
  ended: boolean
}

function client(wait?: () => Promise<void> | undefined): Client {
  return {
    text: '',
    ended: false,
    write(stream, chunk) {
      this.text += `${stream}:${chunk.toString()} `
      return wait?.()
    },
    end() {
      this.ended = true
    },
  }
}

test('every client gets all output in order, each stream marked, and its end', async () => {
  const { broker, socket } = connected()
  const clients = [client(), client()]
  for (const one of clients) broker.addSink(one)
  socket.say('stdout', 'a')
  socket.say('stderr', 'b')
  socket.say('stdout', 'c')
  await settled()
  socket.push(null)
  await broker.drained()
  for (const one of clients) assert.deepEqual([one.text, one.ended], ['stdout:a stderr:b stdout:c ', true])
})

test('a client that leaves gets no more; one that comes late gets what follows', async () => {
  const { broker, socket } = connected()
  const early = client()
  const late = client()
  const leave = broker.addSink(early)
  socket.say('stdout', 'a')
  await settled()
  leave()
  broker.addSink(late)
  socket.say('stdout', 'b')
  await settled()
  assert.deepEqual([early.text, late.text], ['stdout:a ', 'stdout:b '])
  broker.finish()
  const after = client()
  broker.addSink(after)
  assert.deepEqual([late.ended, after.ended, early.ended], [true, true, false])
})

test('a slow client is waited for', async () => {
  const { broker, socket } = connected()
  const gate = Promise.withResolvers<void>()
  const slow = client(() => gate.promise)
  broker.addSink(slow)
  socket.say('stdout', 'a')
  await settled()
  assert.equal(socket.isPaused(), true)
  socket.say('stdout', 'b')
  await settled()
  assert.equal(slow.text, 'stdout:a ')
  gate.resolve()
  await settled()
  await settled()
  assert.equal(slow.text, 'stdout:a stdout:b ')
})

test('a client that does not read at all is dropped after a minute, and the others go on', async () => {
  const { broker, socket, clock } = connected()
  const stuck = client(() => new Promise(() => undefined))
  const fine = client()
  broker.addSink(stuck)
  broker.addSink(fine)
  socket.say('stdout', 'a')
  socket.say('stdout', 'b')
  await settled()
  await clock.advance(59_000)
  assert.equal(stuck.ended, false)
  await clock.advance(2000)
  await settled()
  assert.deepEqual([stuck.ended, stuck.text, fine.text], [true, 'stdout:a ', 'stdout:a stdout:b '])
})

test('input goes on in order, in packets that the monitor does not cut', async () => {
  const { broker, socket } = connected()
  const large = Buffer.alloc(100_000, 'x')
  await Promise.all([broker.writeStdin(Buffer.from('first')), broker.writeStdin(large)])
  await broker.writeStdin(Buffer.from('last'))
  for (let turn = 0; turn < 20; turn += 1) await settled()
  assert.ok(socket.received.every((packet) => packet.length <= 32_768))
  const bytes = Buffer.concat(socket.received).toString()
  assert.equal(bytes.length, 100_009)
  assert.ok(bytes.startsWith('first') && bytes.endsWith('last'))
  broker.endStdin()
  await settled()
  assert.equal(socket.inputEnded, true)
})

test('input without a connection is refused, and nobody waits for what never connects', async () => {
  const broker = new AttachBroker(new SimClock())
  await assert.rejects(broker.writeStdin(Buffer.from('a')), /no open standard input/)
  await broker.drained()
  broker.finish()
  await broker.ready()
})
