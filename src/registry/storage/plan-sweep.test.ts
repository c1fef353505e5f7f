import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Digest } from '#base/data/digest.ts'
import { planSweep } from './plan-sweep.ts'

const d = (letter: string): Digest => `sha256:${letter.repeat(64)}`
const [a, b, c, index, image, signature] = ['a', 'b', 'c', 'd', 'e', 'f'].map(d) as [
  Digest,
  Digest,
  Digest,
  Digest,
  Digest,
  Digest,
]
const never = (): boolean => false

test('a tag keeps its index, the index its images, an image its blobs and its signatures', () => {
  const plan = planSweep({
    repositories: [
      {
        name: 'app',
        tagged: [index],
        layers: [a, b, c],
        manifests: [
          { digest: index, references: [image] },
          { digest: image, references: [a, b] },
          { digest: signature, references: [c], subject: image },
        ],
      },
    ],
    blobs: [a, b, c, index, image, signature],
    removeUntagged: true,
    isHeld: never,
  })
  assert.deepEqual(plan, { manifests: [], layers: [], blobs: [] })
})

test('untagged manifests stay unless asked, then go with their blobs and referrers', () => {
  const repositories = [
    {
      name: 'app',
      tagged: [],
      layers: [a, c],
      manifests: [
        { digest: image, references: [a] },
        { digest: signature, references: [c], subject: image },
      ],
    },
  ]
  const blobs = [a, c, image, signature]
  assert.deepEqual(planSweep({ repositories, blobs, removeUntagged: false, isHeld: never }).blobs, [])
  const plan = planSweep({ repositories, blobs, removeUntagged: true, isHeld: never })
  assert.deepEqual(plan.blobs, blobs)
  assert.deepEqual(
    plan.manifests.map((row) => row.digest),
    [image, signature],
  )
})

test('what a lease holds stays, blobs and links alike', () => {
  const plan = planSweep({
    repositories: [{ name: 'app', tagged: [], layers: [a, b], manifests: [] }],
    blobs: [a, b],
    removeUntagged: true,
    isHeld: (digest) => digest === a,
  })
  assert.deepEqual(plan, { manifests: [], layers: [{ repository: 'app', digest: b }], blobs: [b] })
})

test('a blob used by another repository stays on disk but leaves the one that no longer uses it', () => {
  const plan = planSweep({
    repositories: [
      { name: 'one', tagged: [], layers: [a], manifests: [] },
      { name: 'two', tagged: [image], layers: [a], manifests: [{ digest: image, references: [a] }] },
    ],
    blobs: [a, image],
    removeUntagged: false,
    isHeld: never,
  })
  assert.deepEqual(plan, { manifests: [], layers: [{ repository: 'one', digest: a }], blobs: [] })
})

test('manifests that refer to each other in a circle end the mark all the same', () => {
  const plan = planSweep({
    repositories: [
      {
        name: 'x',
        tagged: [],
        layers: [],
        manifests: [
          { digest: a, references: [b], subject: b },
          { digest: b, references: [a], subject: a },
        ],
      },
    ],
    blobs: [a, b],
    removeUntagged: true,
    isHeld: never,
  })
  assert.deepEqual(plan.blobs, [a, b])
})
