import assert from 'node:assert/strict'
import test from 'node:test'
import { decode, encode } from 'dns-packet'
import type { DatagramSocket, Listener } from '#world/ports/network.ts'
import { encodeVerdict, parseQuery, repliesTo } from './dns-message.ts'
import { frame, framedMessages } from './forward-query.ts'
import { networksFixture, realWorld } from './networks.contract.ts'

const query = (name: string, id = 7): Buffer =>
  encode({ type: 'query', id, flags: 256, questions: [{ name, type: 'A', class: 'IN' }] })

function answerTo(bytes: Uint8Array, data: string): Buffer {
  const { id, questions = [] } = decode(Buffer.from(bytes))
  return encode({
    type: 'response',
    id: id ?? 0,
    flags: 384,
    questions,
    answers: [{ type: 'A', name: questions[0]?.name ?? '', ttl: 1, data }],
  })
}

/** A resolver of the outside world on a loopback address of its own, over UDP and TCP. */
async function outside(address: string, data: string): Promise<AsyncDisposable> {
  const { network } = realWorld()
  const udp: DatagramSocket = await network.openDatagram({ host: address, port: 53 })
  udp.onMessage(({ payload, address: from, port }) => void udp.send(answerTo(payload, data), from, port))
  const tcp: Listener = await network.listen({ host: address, port: 53 }, (socket) => {
    void (async () => {
      for await (const message of framedMessages(socket)) socket.write(frame(answerTo(message, data)))
    })()
  })
  return {
    [Symbol.asyncDispose]: async () => {
      await udp[Symbol.asyncDispose]()
      await tcp[Symbol.asyncDispose]()
    },
  }
}

const asking = `
import socket, struct, sys
def q(name): return b"\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0" + b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\\0\\0\\1\\0\\1"
m = q(sys.argv[1])
if sys.argv[2] == "tcp":
    s = socket.create_connection(("127.0.0.11", 53), 6); s.sendall(struct.pack(">H", len(m)) + m); r = s.recv(600)[2:]
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(8); s.sendto(b"garbage", ("127.0.0.11", 53)); s.sendto(m, ("127.0.0.11", 53)); r = s.recv(600)
print(r[:2] == m[:2], r[3] & 15, ".".join(map(str, r[-4:])))
`

test('names that no container has are asked of the servers in turn, over the way they came', async () => {
  await using engine = await networksFixture()
  const octet = 2 + (Number.parseInt(engine.instance.slice(0, 2), 16) % 200)
  const [silent, good] = [`127.77.${octet}.1`, `127.77.${octet}.2`]
  await using _good = await outside(good, '203.0.113.7')
  await engine.networks.create({ Name: 'app' })
  await engine.networks.create({ Name: 'closed', Internal: true })
  const ask = async (id: string, name: string, way: string): Promise<string> =>
    (await engine.inside(id, `python3 -c '${asking}' ${name} ${way}`)).trim()
  const one = await engine.join('one', ['app'], { dns: [good] })
  assert.equal(await ask(one, 'example.test', 'udp'), 'True 0 203.0.113.7')
  assert.equal(await ask(one, 'example.test', 'tcp'), 'True 0 203.0.113.7')
  assert.match(await ask(one, 'nosuch', 'udp'), /^True 3 /, 'bare names are not asked of the world')
  const two = await engine.join('two', ['app'], { dns: [silent, good] })
  assert.equal(await ask(two, 'example.test', 'udp'), 'True 0 203.0.113.7')
  const three = await engine.join('three', ['app'], { dns: [`127.77.${octet}.9`] })
  assert.match(await ask(three, 'example.test', 'tcp'), /^True 2 /)
  const four = await engine.join('four', ['closed'], { dns: [good] })
  assert.match(await ask(four, 'example.test', 'udp'), /^True 2 /, 'internal networks ask nobody')
})

test('what is no query is no query', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.alloc(5),
    Buffer.alloc(12),
    Buffer.from('garbage of some length'),
    answerTo(query('a.test'), '1.2.3.4'),
  ])
    assert.equal(parseQuery(bytes), undefined)
  const loop = Buffer.concat([query('a').subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])])
  assert.equal(parseQuery(loop), undefined)
})

test('an answer too long for the asker says so instead', () => {
  const parsed = parseQuery(query('pool')) ?? assert.fail()
  const records = Array.from({ length: 100 }, (_, index) => ({ type: 'A' as const, data: `10.0.0.${index}` }))
  const cut = decode(encodeVerdict(parsed, { kind: 'answer', records }, parsed.udpBytesMax))
  assert.deepEqual([cut.flag_tc, cut.answers?.length, cut.id], [true, 0, 7])
  assert.equal(decode(encodeVerdict(parsed, { kind: 'answer', records })).answers?.length, 100)
})

test('a reply must have the id and the question that were sent', () => {
  const reply = answerTo(query('a.test', 9), '1.2.3.4')
  assert.equal(repliesTo(reply, 9, { name: 'A.test', type: 'A' }), true)
  assert.equal(repliesTo(reply, 8, { name: 'a.test', type: 'A' }), false)
  assert.equal(repliesTo(reply, 9, { name: 'b.test', type: 'A' }), false)
  assert.equal(repliesTo(query('a.test', 9), 9, { name: 'a.test', type: 'A' }), false)
})
