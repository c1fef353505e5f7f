/** What every implementation of the builder's ports promises; each runs these in a test file of its own. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import type { BuildContainers, BuildImage, BuildImages, ObtainOptions, StepSurroundings } from './ports.ts'

/** Things of one test; they end with it. `base` is an image with `/bin/sh`. */
export interface PortsUnderTest {
  readonly images: BuildImages
  readonly containers: BuildContainers
  readonly base: BuildImage
}

const surroundings: StepSurroundings = {
  networkMode: 'none',
  extraHosts: [],
  shmSizeBytes: 0,
  memoryBytes: 0,
  memorySwapBytes: 0,
  cpuShares: 0,
  cpuPeriodUs: 0,
  cpuQuotaUs: 0,
  cpusetCpus: '',
  cpusetMems: '',
  cgroupParent: '',
  ulimits: [],
}

const obtainOptions: ObtainOptions = {
  pull: false,
  platform: '',
  credentials: {},
  onProgress: () => Promise.resolve(),
  signal: new AbortController().signal,
}

/** Images: drafts, layers, parents. */
export function buildImagesContract(make: (context: TestContext) => Promise<PortsUnderTest>): void {
  test('a draft shows the image, and what is written to it becomes a layer', async (context) => {
    const { images, base } = await make(context)
    const draft = await images.draft(base)
    assert.ok(readFileSync(join(draft.path, 'bin/sh')).length > 0)
    writeFileSync(join(draft.path, 'new'), 'x')
    const layer = await draft.commit(obtainOptions.signal)
    await draft[Symbol.asyncDispose]()
    assert.ok(layer !== undefined)
    const rootfs = { type: 'layers', diff_ids: [...base.config.rootfs.diff_ids, layer] }
    const image = await images.create({ config: { ...base.config, rootfs }, parent: base.id, containerId: undefined })
    await using view = await images.view(image)
    assert.equal(readFileSync(join(view.path, 'new'), 'utf8'), 'x')
    assert.throws(() => writeFileSync(join(view.path, 'other'), 'x'), { code: 'EROFS' })
  })

  test('a draft that is written nothing to is no layer, on an image and on nothing', async (context) => {
    const { images, base } = await make(context)
    for (const image of [base, undefined]) {
      await using draft = await images.draft(image)
      assert.equal(await draft.commit(obtainOptions.signal), undefined)
    }
  })

  test('children are found by their parent, newest first', async (context) => {
    const { images, base } = await make(context)
    const child = async (created: string): Promise<BuildImage> =>
      await images.create({
        config: { ...base.config, created, container_config: { Cmd: [created] } },
        parent: base.id,
        containerId: undefined,
      })
    const first = await child('2026-01-01T00:00:00Z')
    const second = await child('2026-01-02T00:00:00Z')
    assert.deepEqual(
      images.children(base.id).map((image) => image.id),
      [second.id, first.id],
    )
    assert.equal(images.find(first.id)?.parent, base.id)
    assert.deepEqual(images.children(first.id), [])
  })

  test('an image that is here is obtained without asking anybody; a missing one is an error', async (context) => {
    const { images, base } = await make(context)
    assert.equal((await images.obtain(base.id, obtainOptions)).id, base.id)
    await images.tag(base.id, 'docker.io/library/tagged:1')
    assert.equal((await images.obtain('tagged:1', obtainOptions)).id, base.id)
    assert.equal(images.find('127.0.0.1:9/nosuch:1'), undefined)
    await assert.rejects(images.obtain('127.0.0.1:9/nosuch:1', obtainOptions))
  })
}

/** Containers: output, codes, layers, removal. */
export function buildContainersContract(make: (context: TestContext) => Promise<PortsUnderTest>): void {
  const config = (script: string, more: ImageRunConfig = {}): ImageRunConfig => ({
    Cmd: ['/bin/sh', '-c', script],
    Entrypoint: null,
    Env: ['PATH=/bin'],
    ...more,
  })

  test('a step prints to both streams, ends with a code and leaves a layer', async (context) => {
    const { images, containers, base } = await make(context)
    const id = await containers.create({
      image: base,
      config: config('echo out; echo err >&2; echo x > /made; exit 3'),
      surroundings,
    })
    assert.match(id, /^[0-9a-f]{64}$/)
    const output = { stdout: '', stderr: '' }
    const take = (stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void> => {
      output[stream] += Buffer.from(chunk).toString()
      return Promise.resolve()
    }
    assert.equal(await containers.run(id, take, obtainOptions.signal), 3)
    assert.deepEqual(output, { stdout: 'out\n', stderr: 'err\n' })
    const layer = await containers.commit(id, {
      onStored: (stored) => images.hold(stored),
      signal: obtainOptions.signal,
    })
    assert.ok(layer !== undefined)
    await containers.remove(id)
    await containers.remove(id)
  })

  test('a step that writes nothing leaves no layer', async (context) => {
    const { containers, base } = await make(context)
    const id = await containers.create({ image: base, config: config(':'), surroundings })
    assert.equal(await containers.run(id, () => Promise.resolve(), obtainOptions.signal), 0)
    assert.equal(
      await containers.commit(id, { onStored: () => assert.fail('no layer was made'), signal: obtainOptions.signal }),
      undefined,
    )
    await containers.remove(id)
  })

  test('aborting kills the command', async (context) => {
    const { containers, base } = await make(context)
    const id = await containers.create({ image: base, config: config('echo up; sleep 60'), surroundings })
    const controller = new AbortController()
    const abort = (): Promise<void> => {
      controller.abort()
      return Promise.resolve()
    }
    await assert.rejects(containers.run(id, abort, controller.signal))
    await containers.remove(id)
  })
}
