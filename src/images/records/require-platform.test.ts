import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ImageRecord } from './record-types.ts'
import { requirePlatform } from './require-platform.ts'

const image = { config: { os: 'linux', architecture: 'amd64' } } as unknown as ImageRecord

describe('the platform of a call', () => {
  for (const wanted of ['', 'linux/amd64', 'amd64', 'linux/x86_64', '{"os":"linux","architecture":"amd64"}'])
    it(`takes ${JSON.stringify(wanted)}`, () => requirePlatform(image, wanted, 'busybox'))

  for (const wanted of ['linux/arm64', '{"os":"linux","architecture":"arm64"}'])
    it(`refuses ${wanted} and names both`, () =>
      assert.throws(() => requirePlatform(image, wanted, 'busybox'), {
        kind: 'not-found',
        message:
          'image with reference busybox was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
      }))

  for (const wanted of ['{', '{"os":1}', 'a/b/c/d', '{"os":"../x","architecture":"y"}'])
    it(`refuses ${wanted}, which is none`, () =>
      assert.throws(() => requirePlatform(image, wanted, 'busybox'), { kind: 'invalid' }))
})
