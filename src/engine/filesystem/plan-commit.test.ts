import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Digest } from '#base/data/digest.ts'
import type { ContainerConfig } from '#spec/docker/container-config.ts'
import type { ImageConfig } from '#spec/oci/image-config.ts'
import { planCommit } from './plan-commit.ts'
import type { CommitPlan } from './plan-commit.ts'

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}` as Digest
const config = { Cmd: ['sh', '-c', 'true'], Env: ['A=1'] } as unknown as ContainerConfig
const parent: ImageConfig = {
  architecture: 'arm64',
  variant: 'v8',
  os: 'linux',
  history: [{ created_by: 'first' }],
  rootfs: { type: 'layers', diff_ids: [digest('1')] },
}
const plan: CommitPlan = {
  record: { id: 'c', config, layers: [digest('1')] },
  parent,
  config: { Cmd: ['other'] },
  author: 'me',
  comment: 'why',
  created: '2026-01-01T00:00:00Z',
  diffId: digest('2'),
  platform: { os: 'linux', architecture: 'amd64' },
}

test('a commit adds a layer and a history entry to its parent', () => {
  assert.deepEqual(planCommit(plan), {
    architecture: 'arm64',
    variant: 'v8',
    os: 'linux',
    author: 'me',
    config: { Cmd: ['other'] },
    container: 'c',
    container_config: config,
    created: '2026-01-01T00:00:00Z',
    history: [
      { created_by: 'first' },
      { created: '2026-01-01T00:00:00Z', author: 'me', created_by: 'sh -c true', comment: 'why' },
    ],
    rootfs: { type: 'layers', diff_ids: [digest('1'), digest('2')] },
  })
})

test('a container that changed nothing adds an empty entry and no layer', () => {
  const { history, rootfs } = planCommit({ ...plan, diffId: undefined, author: '', comment: '' })
  assert.deepEqual(history?.[1], { created: '2026-01-01T00:00:00Z', created_by: 'sh -c true', empty_layer: true })
  assert.deepEqual(rootfs.diff_ids, [digest('1')])
})

test('an image whose parent is gone stands on the layers of the container', () => {
  const image = planCommit({ ...plan, parent: undefined })
  assert.deepEqual([image.architecture, image.history?.length, image.rootfs.diff_ids.length], ['amd64', 1, 2])
})
