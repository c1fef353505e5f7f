/** Several engines on one machine: what one does, the others do not see. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startOwnEngine } from './own-engine.ts'
import { isReference, lacksImage } from './target.ts'

const skip = isReference ? 'only Gantry runs several engines from one installation' : lacksImage('busybox')

describe('engines side by side', { skip }, () => {
  test('have the same names without meeting, and reach no other’s containers', async () => {
    await using first = await startOwnEngine('first')
    await using second = await startOwnEngine('second')
    for (const engine of [first, second]) {
      assert.equal(engine.docker('network', 'create', 'same').code, 0)
      const started = engine.docker(
        'run',
        '-d',
        '--name',
        'same',
        '--network',
        'same',
        '-v',
        'same:/d',
        'busybox',
        'sh',
        '-c',
        `echo ${engine.instance} > /d/who; exec sleep 1000`,
      )
      assert.equal(started.code, 0, started.text)
    }
    const subnets = [first, second].map(
      (engine) => engine.docker('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', 'same').stdout,
    )
    assert.notEqual(subnets[0], subnets[1])
    for (const engine of [first, second]) {
      assert.equal(engine.docker('exec', 'same', 'cat', '/d/who').stdout, `${engine.instance}\n`)
      assert.equal(engine.docker('ps', '-q').stdout.trim().split('\n').length, 1)
    }
    const address = second.docker('inspect', '-f', '{{.NetworkSettings.Networks.same.IPAddress}}', 'same').stdout.trim()
    assert.notEqual(first.docker('exec', 'same', 'ping', '-c', '1', '-W', '1', address).code, 0)
  })

  test('refuse a port that another has published, and a root that another serves', async () => {
    await using first = await startOwnEngine('ports')
    await using second = await startOwnEngine('taken')
    const port = 31_000 + (process.pid % 1000)
    assert.equal(first.docker('run', '-d', '-p', `${port}:80`, 'busybox', 'sleep', '1000').code, 0)
    const refused = second.docker('run', '-d', '-p', `${port}:80`, 'busybox', 'sleep', '1000')
    assert.equal(refused.code, 125)
    assert.match(refused.stderr, /address already in use|port is already allocated/)
  })
})
