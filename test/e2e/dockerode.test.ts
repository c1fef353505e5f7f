/** The dockerode library through a whole life. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import Docker from 'dockerode'
import { clear, lacksImage, scratch, socketPath } from './target.ts'

const docker = new Docker({ socketPath })
const hostOptions = { name: 'ode-main', Image: 'busybox', Cmd: ['sh', '-c', 'echo started; exec sleep 1000'] }

async function removeIfThere(name: string): Promise<void> {
  await docker
    .getContainer(name)
    .remove({ force: true })
    .catch(() => undefined)
}

describe('dockerode', { skip: lacksImage('busybox') }, () => {
  before(clear)
  after(clear)

  test('asks who is there', async () => {
    assert.equal(String(await docker.ping()), 'OK')
    assert.match((await docker.version()).ApiVersion, /^1\.\d+$/)
    assert.equal(typeof (await docker.info()).Containers, 'number')
  })

  test('runs a container and gives back its output and exit code', async () => {
    const output = new PassThrough()
    const [result, container] = (await docker.run('busybox', ['sh', '-c', 'echo out; exit 3'], output)) as [
      { StatusCode: number },
      Docker.Container,
    ]
    assert.equal(result.StatusCode, 3)
    assert.match(await text(output), /out/)
    await container.remove()
  })

  test('creates, starts, inspects, lists, logs, executes, stops and removes', async () => {
    await removeIfThere('ode-main')
    const container = await docker.createContainer({ ...hostOptions, Labels: { ode: '1' } })
    await container.start()
    assert.equal((await container.inspect()).State.Running, true)
    assert.equal((await docker.listContainers({ filters: { label: ['ode=1'] } })).length, 1)
    const execution = await container.exec({ Cmd: ['sh', '-c', 'cat; exit 6'], AttachStdin: true, AttachStdout: true })
    const stream = await execution.start({ hijack: true, stdin: true })
    stream.end('through stdin')
    assert.match(await text(stream), /through stdin/)
    assert.equal((await execution.inspect()).ExitCode, 6)
    const logged = async (): Promise<string> => (await container.logs({ stdout: true, stderr: true })).toString()
    for (let round = 0; round < 3000 && (await logged()) === ''; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.match(await logged(), /started/)
    await container.stop({ t: 1 })
    await assert.rejects(container.stop(), { statusCode: 304 })
    await container.remove()
    await assert.rejects(container.inspect(), { statusCode: 404 })
  })

  test('attaches both ways before the start', async () => {
    const container = await docker.createContainer({
      Image: 'busybox',
      Cmd: ['cat'],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
    })
    const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true })
    await container.start()
    stream.end('echoed\n')
    const frames = await buffer(stream)
    assert.equal(frames.readUInt8(0), 1)
    assert.equal(frames.subarray(8).toString(), 'echoed\n')
    await container.remove({ force: true })
  })

  test('copies archives in and out', async () => {
    const container = await docker.createContainer({ Image: 'busybox', Cmd: ['true'] })
    const hosts = await buffer(await container.getArchive({ path: '/bin/busybox' }))
    await container.putArchive(hosts, { path: '/tmp' })
    assert.equal((await buffer(await container.getArchive({ path: '/tmp/busybox' }))).length, hosts.length)
    await container.remove()
  })

  test('builds, follows the progress, tags and removes', async () => {
    using folder = scratch()
    writeFileSync(join(folder.path, 'Dockerfile'), 'FROM busybox\nCOPY f /f\nCMD ["cat", "/f"]\n')
    writeFileSync(join(folder.path, 'f'), 'content\n')
    const stream = await docker.buildImage({ context: folder.path, src: ['Dockerfile', 'f'] }, { t: 'ode-built' })
    const messages = await new Promise<{ stream?: string; error?: string }[]>((resolve, reject) =>
      docker.modem.followProgress(stream, (error, found) => (error === null ? resolve(found) : reject(error))),
    )
    assert.ok(
      messages.some(({ stream: line }) => line?.includes('Successfully built') === true),
      JSON.stringify(messages),
    )
    await docker.getImage('ode-built').tag({ repo: 'ode-other', tag: '2' })
    assert.ok((await docker.listImages()).some(({ RepoTags }) => RepoTags?.includes('ode-other:2') === true))
    await docker.getImage('ode-built').remove()
    await docker.getImage('ode-other:2').remove()
  })

  test('makes networks and volumes and sees their events', async () => {
    const events = (await docker.getEvents({ filters: { type: ['network', 'volume'] } })) as Readable
    const seen: string[] = []
    events.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
    const network = await docker.createNetwork({ Name: 'ode-net' })
    await docker.createVolume({ Name: 'ode-volume' })
    assert.equal((await docker.getVolume('ode-volume').inspect()).Driver, 'local')
    assert.equal((await network.inspect()).Name, 'ode-net')
    await network.remove()
    await docker.getVolume('ode-volume').remove()
    for (let round = 0; round < 3000 && !seen.join('').includes('destroy'); round += 1)
      await new Promise((resolve) => setTimeout(resolve, 20))
    events.destroy()
    assert.match(seen.join(''), /"create"[\s\S]*"destroy"/)
  })

  test('streams statistics', async () => {
    await removeIfThere('ode-main')
    const container = await docker.createContainer(hostOptions)
    await container.start()
    const stats = await container.stats({ stream: false })
    assert.ok(stats.memory_stats.usage > 0)
    await container.remove({ force: true })
  })
})
