import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, PersistentVolume, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { VolumeAttachment } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { podLike } from '../bench.contract.ts'
import { type AttachmentsObserved, attachmentName, planAttachments, reportedName } from './plan-attachments.ts'

const nowMs = Date.UTC(2026, 0, 1)
const disk = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v' },
  spec: { csi: { driver: 'disk.example.com', volumeHandle: 'h' }, accessModes: ['ReadWriteOnce'] },
} as PersistentVolume
const name = attachmentName(disk, 'n')
const reported = { name: reportedName(disk), devicePath: '/dev/x' }

function node(status: object = {}, spec: object = {}): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec, status } as Node
}

function attachment(status?: object, metadata: object = {}): VolumeAttachment {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name, ...metadata },
    spec: { attacher: 'disk.example.com', source: { persistentVolumeName: 'v' }, nodeName: 'n' },
    ...(status === undefined ? {} : { status }),
  } as VolumeAttachment
}

const pod: Pod = podLike('p')
const wanted = [{ volume: disk, pods: [pod] }]
const attachedStatus = { attached: true, attachmentMetadata: { devicePath: '/dev/x' } }

function plan(seen: Partial<AttachmentsObserved>): {
  actions: string[]
  events: string[]
  lookAgain: number | undefined
} {
  const observed: AttachmentsObserved = {
    nodeName: 'n',
    node: node(),
    wanted: [],
    attachments: [],
    elsewhere: () => ({ isAttached: false, pods: [] }),
    volumeNamed: (of) => (of === 'v' ? disk : undefined),
    unwantedSince: new Map(),
    nowMs,
    ...seen,
  }
  const { plan: made } = planAttachments(observed)
  return {
    actions: (made.actions ?? []).map(({ do: what, resource }) => `${what} ${resource.resource}`),
    events: (made.events ?? []).map(({ reason, message }) => `${reason}: ${message}`),
    lookAgain: made.lookAgainAfterMs,
  }
}

test('a volume that a pod needs is attached, reported and told of, each once', () => {
  assert.deepEqual(plan({ wanted }).actions, ['create volumeattachments'])
  assert.deepEqual(plan({ wanted, attachments: [attachment()] }), { actions: [], events: [], lookAgain: undefined })
  const attached = plan({ wanted, attachments: [attachment(attachedStatus)] })
  assert.deepEqual(attached.actions, ['patch nodes'])
  assert.deepEqual(attached.events, ['SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "v" '])
  const known = { wanted, attachments: [attachment(attachedStatus)], node: node({ volumesAttached: [reported] }) }
  assert.deepEqual(plan(known), { actions: [], events: [], lookAgain: undefined })
  const failing = attachment({ attached: false, attachError: { message: 'no slot' } })
  assert.deepEqual(plan({ wanted, attachments: [failing] }).events, [
    'FailedAttachVolume: AttachVolume.Attach failed for volume "v" : no slot',
  ])
})

test('a volume for one node stays away from a second one', () => {
  const users = [podLike('q')]
  const elsewhere = (pods: readonly Pod[]) => () => ({ isAttached: true, pods })
  assert.deepEqual(plan({ wanted, elsewhere: elsewhere(users) }), {
    actions: [],
    events: ['FailedAttachVolume: Multi-Attach error for volume "v" Volume is already used by pod(s) q'],
    lookAgain: undefined,
  })
  assert.match(plan({ wanted, elsewhere: elsewhere([]) }).events[0] ?? '', /exclusively attached to one node/)
  const shared = { ...disk, spec: { ...disk.spec, accessModes: ['ReadWriteMany'] } } as PersistentVolume
  const many = plan({ wanted: [{ volume: shared, pods: [pod] }], elsewhere: elsewhere(users) })
  assert.deepEqual(many.actions, ['create volumeattachments'])
})

test('a volume that nobody needs is detached when the node has let go of it, or cannot be asked', () => {
  const attachments = [attachment(attachedStatus)]
  const inUse = { volumesAttached: [reported], volumesInUse: [reported.name] }
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] }
  const old = new Map([[name, nowMs - 360_000]])
  const gone = ['patch nodes', 'delete volumeattachments']
  const rows: readonly (readonly [string, Partial<AttachmentsObserved>, readonly string[]])[] = [
    ['let go of', { node: node({ volumesAttached: [reported] }) }, gone],
    ['still mounted', { node: node(inUse) }, []],
    ['mounted on a ready node for long', { node: node({ ...inUse, ...ready }), unwantedSince: old }, []],
    ['mounted on a node that is not ready for long', { node: node(inUse), unwantedSince: old }, gone],
    [
      'out of service',
      { node: node(inUse, { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }) },
      gone,
    ],
    ['node gone', { node: undefined }, []],
    ['node gone for long', { node: undefined, unwantedSince: old }, ['delete volumeattachments']],
  ]
  for (const [why, seen, actions] of rows) assert.deepEqual(plan({ attachments, ...seen }).actions, actions, why)
  assert.equal(plan({ attachments, node: node(inUse) }).lookAgain, 360_000)
})

test('attachments that somebody else made are left alone', () => {
  const foreign = attachment(undefined, { name: 'by-hand' })
  assert.deepEqual(plan({ attachments: [foreign] }).actions, [])
})
