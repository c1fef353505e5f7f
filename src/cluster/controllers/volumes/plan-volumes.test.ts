import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '#kit/reconcile/plan.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { StorageClass } from '#spec/kubernetes/objects/storage-v1.generated.ts'
import { podLike } from '../bench.contract.ts'
import { findVolume } from './match-volume.ts'
import { planClaim } from './plan-claim.ts'
import { planHostPathClaim, planHostPathVolume } from './plan-host-path.ts'
import { planVolume } from './plan-volume.ts'

type Deep = { readonly metadata?: object; readonly spec?: object; readonly status?: object }

function claim(more: Deep = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c', namespace: 'default', uid: 'uc', resourceVersion: '7', ...more.metadata },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, ...more.spec },
    status: { phase: 'Pending', ...more.status },
  }
}

function volume(name: string, more: Deep = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, uid: `u${name}`, ...more.metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '10Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: '/data' },
      ...more.spec,
    },
    status: { phase: 'Available', ...more.status },
  }
}

function storageClass(name: string, more: object = {}): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'example.com/disk',
    volumeBindingMode: 'Immediate',
    reclaimPolicy: 'Delete',
    ...more,
  }
}

const reference = { name: 'c', namespace: 'default', uid: 'uc' }
const words = (plan: Plan): string[] =>
  (plan.actions ?? []).map(
    ({ do: what, resource, object }) => `${what} ${resource.resource} ${object.metadata.name ?? ''}`,
  )
const told = (plan: Plan): string[] => (plan.events ?? []).map(({ reason, message }) => `${reason}: ${message}`)
const objectOf = <T>(plan: Plan, at: number): T => plan.actions?.[at]?.object as unknown as T

test('the smallest volume that suits is taken, one reserved for the claim before all others of its modes', () => {
  const small = volume('small', { spec: { capacity: { storage: '1Gi' } } })
  const fit = volume('fit', { spec: { capacity: { storage: '6Gi' } } })
  const rows: readonly (readonly [readonly PersistentVolume[], Deep, string | undefined])[] = [
    [[volume('big'), fit, small], {}, 'fit'],
    [[small], {}, undefined],
    [[volume('reserved', { spec: { claimRef: { ...reference, uid: undefined } } }), fit], {}, 'reserved'],
    [[volume('taken', { spec: { claimRef: { ...reference, uid: 'other' } } })], {}, undefined],
    [[volume('new', { status: { phase: 'Pending' } })], {}, undefined],
    [[volume('going', { metadata: { deletionTimestamp: 'x' } })], {}, undefined],
    [
      [
        volume('many', { spec: { accessModes: ['ReadWriteOnce', 'ReadWriteMany'], capacity: { storage: '5Gi' } } }),
        fit,
      ],
      {},
      'fit',
    ],
    [[fit], { spec: { accessModes: ['ReadWriteMany'] } }, undefined],
    [[fit], { spec: { volumeMode: 'Block' } }, undefined],
    [[fit], { spec: { storageClassName: 'fast' } }, undefined],
    [[volume('fast', { spec: { storageClassName: 'fast' } })], { spec: { storageClassName: 'fast' } }, 'fast'],
    [[volume('fast', { spec: { storageClassName: 'fast' } })], { spec: { storageClassName: '' } }, undefined],
    [[volume('gold', { spec: { volumeAttributesClassName: 'gold' } })], {}, undefined],
    [
      [volume('blue', { metadata: { labels: { tier: 'blue' } } }), fit],
      { spec: { selector: { matchLabels: { tier: 'blue' } } } },
      'blue',
    ],
  ]
  for (const [volumes, of, expected] of rows)
    assert.equal(findVolume(claim(of), volumes, { delayed: false })?.metadata.name, expected, JSON.stringify(of))
  assert.equal(findVolume(claim(), [fit], { delayed: true }), undefined)
})

test('a claim without a volume waits, orders one, or says why there is none', () => {
  const delayed = storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' })
  const selected = { annotations: { 'volume.kubernetes.io/selected-node': 'n' } }
  const external =
    "ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'example.com/disk' or " +
    'manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running ' +
    'and correctly registered.'
  const rows: readonly (readonly [
    Deep,
    readonly StorageClass[],
    readonly Pod[],
    readonly string[],
    readonly string[],
  ])[] = [
    [{}, [], [], [], ['FailedBinding: no persistent volumes available for this claim and no storage class is set']],
    [
      { spec: { storageClassName: 'x' } },
      [],
      [],
      [],
      ['ProvisioningFailed: storageclass.storage.k8s.io "x" not found'],
    ],
    [
      { spec: { storageClassName: 'x' } },
      [storageClass('x', { provisioner: 'kubernetes.io/no-provisioner' })],
      [],
      [],
      ['ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner'],
    ],
    [{ spec: { storageClassName: 'x' } }, [storageClass('x')], [], ['update persistentvolumeclaims c'], [external]],
    [
      { spec: { storageClassName: 'late' } },
      [delayed],
      [],
      [],
      ['WaitForFirstConsumer: waiting for first consumer to be created before binding'],
    ],
    [
      { spec: { storageClassName: 'late' } },
      [delayed],
      [podLike('p'), podLike('done', { status: { phase: 'Failed' } })],
      [],
      ['WaitForPodScheduled: waiting for pod p to be scheduled'],
    ],
    [
      { spec: { storageClassName: 'late' } },
      [delayed],
      [podLike('p'), podLike('q')],
      [],
      ['WaitForPodScheduled: waiting for pods p,q to be scheduled'],
    ],
    [
      { metadata: selected, spec: { storageClassName: 'late' } },
      [delayed],
      [],
      ['update persistentvolumeclaims c'],
      [external],
    ],
  ]
  for (const [of, classes, pods, actions, events] of rows) {
    const plan = planClaim({ claim: claim(of), volumes: [], classes, pods })
    assert.deepEqual([words(plan), told(plan)], [actions, events], JSON.stringify(of))
  }
})

test('a claim that names no class gets the newest default one later', () => {
  const marked = (name: string, creationTimestamp: string): StorageClass =>
    storageClass(name, {
      metadata: { name, creationTimestamp, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    })
  const classes = [marked('old', '2026-01-01T00:00:00Z'), marked('new', '2026-02-01T00:00:00Z')]
  const plan = planClaim({ claim: claim(), volumes: [], classes, pods: [] })
  assert.equal(objectOf<PersistentVolumeClaim>(plan, 0).spec.storageClassName, 'new')
  const none = planClaim({ claim: claim({ spec: { storageClassName: '' } }), volumes: [], classes, pods: [] })
  assert.deepEqual(words(none), [])
})

test('binding writes the volume first, then the claim, and nothing twice', () => {
  const bound = planClaim({ claim: claim(), volumes: [volume('v')], classes: [], pods: [] })
  assert.deepEqual(words(bound), [
    'update persistentvolumes v',
    'update-status persistentvolumes v',
    'update persistentvolumeclaims c',
    'update-status persistentvolumeclaims c',
  ])
  const [held, after] = [objectOf<PersistentVolume>(bound, 1), objectOf<PersistentVolumeClaim>(bound, 3)]
  assert.deepEqual(held.spec.claimRef, {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    ...reference,
    resourceVersion: '7',
  })
  assert.equal(held.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], 'yes')
  assert.deepEqual(after.metadata.annotations, {
    'pv.kubernetes.io/bound-by-controller': 'yes',
    'pv.kubernetes.io/bind-completed': 'yes',
  })
  assert.deepEqual(after.status, { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' } })
  assert.deepEqual(planClaim({ claim: after, volumes: [held], classes: [], pods: [] }).actions, [])
  const named = claim({ spec: { volumeName: 'v' } })
  const asked = planClaim({ claim: named, volumes: [volume('v')], classes: [], pods: [] })
  assert.deepEqual(objectOf<PersistentVolumeClaim>(asked, 2).metadata.annotations, {
    'pv.kubernetes.io/bind-completed': 'yes',
  })
})

test('a claim that names its volume says why that one does not do', () => {
  const named = claim({ spec: { volumeName: 'v' } })
  const rows: readonly (readonly [Deep, string])[] = [
    [{ spec: { capacity: { storage: '1Gi' } } }, 'requested PV is too small'],
    [{ spec: { storageClassName: 'x' } }, 'storageClassName does not match'],
    [{ spec: { volumeMode: 'Block' } }, 'incompatible volumeMode'],
    [{ spec: { accessModes: ['ReadOnlyMany'] } }, 'incompatible accessMode'],
    [{ spec: { volumeAttributesClassName: 'x' } }, 'volumeAttributesClassName does not match'],
    [{ metadata: { deletionTimestamp: 'x' } }, 'the volume is marked for deletion "v"'],
  ]
  for (const [of, why] of rows) {
    const plan = planClaim({ claim: named, volumes: [volume('v', of)], classes: [], pods: [] })
    assert.deepEqual(told(plan), [`VolumeMismatch: Cannot bind to requested volume "v": ${why}`])
  }
  const other = volume('v', { spec: { claimRef: { ...reference, uid: 'other' } } })
  const plan = planClaim({ claim: named, volumes: [other], classes: [], pods: [] })
  assert.deepEqual(told(plan), ['FailedBinding: volume "v" already bound to a different claim.'])
  assert.deepEqual(planClaim({ claim: named, volumes: [], classes: [], pods: [] }).events, undefined)
})

test('a bound claim whose volume is gone, or another claim’s, is lost, and told so once', () => {
  const done = { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }
  const status = { phase: 'Bound' }
  const rows: readonly (readonly [Deep, readonly PersistentVolume[], string])[] = [
    [{}, [], 'ClaimLost: Bound claim has lost reference to PersistentVolume. Data on the volume is lost!'],
    [
      { spec: { volumeName: 'v' } },
      [],
      'ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    ],
    [
      { spec: { volumeName: 'v' } },
      [volume('v', { spec: { claimRef: { ...reference, uid: 'other' } } })],
      'ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly',
    ],
  ]
  for (const [of, volumes, event] of rows) {
    const plan = planClaim({ claim: claim({ ...of, metadata: done, status }), volumes, classes: [], pods: [] })
    assert.deepEqual(told(plan), [event])
    const again = claim({ ...of, metadata: done, status: { phase: 'Lost' } })
    assert.deepEqual(planClaim({ claim: again, volumes, classes: [], pods: [] }), {})
  }
})

test('a volume follows its claim, and its policy when the claim is gone', () => {
  const held = (more: object = {}, of: Deep = {}): PersistentVolume =>
    volume('v', { ...of, spec: { claimRef: reference, ...more } })
  const byUs = { metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } } }
  const made = { metadata: { annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/disk' } } }
  const Delete = { persistentVolumeReclaimPolicy: 'Delete' }
  const elsewhere = claim({ spec: { volumeName: 'w' } })
  const rows: readonly (readonly [PersistentVolume, PersistentVolumeClaim | undefined, string, readonly string[]])[] = [
    [volume('v', { status: { phase: 'Pending' } }), undefined, 'Available', []],
    [
      volume('v', { spec: { claimRef: { ...reference, uid: '' } }, status: { phase: 'Pending' } }),
      undefined,
      'Available',
      [],
    ],
    [held(), claim({ spec: { volumeName: 'v' } }), 'Bound', []],
    [held(), undefined, 'Released', []],
    [held({}, byUs), elsewhere, 'Available', []],
    [held(Delete, made), elsewhere, 'Released', []],
    [held(Delete, made), undefined, 'Released', []],
    [
      held(Delete),
      undefined,
      'Failed',
      ['VolumeFailedDelete: host_path deleter only supports /tmp/.+ but received provided /data'],
    ],
    [
      held({ ...Delete, hostPath: undefined, local: { path: '/x' } }),
      undefined,
      'Failed',
      ['VolumeFailedDelete: error getting deleter volume plugin for volume "v": no deletable volume plugin matched'],
    ],
    [
      held({ persistentVolumeReclaimPolicy: 'Recycle', hostPath: undefined, local: { path: '/x' } }),
      undefined,
      'Failed',
      ['VolumeFailedRecycle: No recycler plugin found for the volume!'],
    ],
  ]
  for (const [of, claimed, phase, events] of rows) {
    const plan = planVolume({
      volume: { ...of, status: { phase: 'Pending' } },
      claim: claimed,
      recycler: undefined,
      users: [],
    })
    const last = plan.actions?.at(-1)?.object as unknown as PersistentVolume | undefined
    assert.deepEqual([last?.status?.phase, told(plan)], [phase, events])
  }
  const wrong = planVolume({ volume: held({ volumeMode: 'Block' }), claim: claim(), recycler: undefined, users: [] })
  assert.equal(wrong.events?.length, 2)
})

test('a volume that went back to nobody keeps what its maker reserved', () => {
  const elsewhere = claim({ spec: { volumeName: 'w' } })
  const reserved = volume('v', { spec: { claimRef: reference } })
  const plan = planVolume({ volume: reserved, claim: elsewhere, recycler: undefined, users: [] })
  assert.deepEqual(objectOf<PersistentVolume>(plan, 0).spec.claimRef, { name: 'c', namespace: 'default' })
})

test('a recycled volume is emptied by a pod and free afterwards', () => {
  const used = volume('v', {
    metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
    spec: { claimRef: reference, persistentVolumeReclaimPolicy: 'Recycle' },
    status: { phase: 'Released' },
  })
  const plan = (recycler?: Pod, users: readonly Pod[] = []): Plan =>
    planVolume({ volume: used, claim: undefined, recycler, users })
  assert.deepEqual(told(plan(undefined, [podLike('p')])), ['VolumeFailedRecycle: Volume is used by pods: default/p'])
  assert.deepEqual(words(plan()), ['create pods recycler-for-v'])
  assert.deepEqual(words(plan(podLike('recycler-for-v'))), [])
  const done = plan(podLike('recycler-for-v', { status: { phase: 'Succeeded' } }))
  assert.deepEqual(words(done), [
    'delete pods recycler-for-v',
    'update persistentvolumes v',
    'update-status persistentvolumes v',
  ])
  assert.deepEqual(told(done), ['VolumeRecycled: Volume recycled'])
  assert.equal(objectOf<PersistentVolume>(done, 1).spec.claimRef, undefined)
  const broken = plan(podLike('recycler-for-v', { status: { phase: 'Failed', message: 'no disk' } }))
  assert.deepEqual(told(broken), ['VolumeFailedRecycle: Recycle failed: no disk'])
})

const ordered = { annotations: { 'volume.kubernetes.io/storage-provisioner': 'gantry.dev/host-path' } }
const ours = storageClass('local', { provisioner: 'gantry.dev/host-path', volumeBindingMode: 'WaitForFirstConsumer' })

test('the provisioner of host paths makes a directory for the chosen node, or says why it does not', () => {
  const seen = (of: Deep, storage: StorageClass | undefined = ours): ReturnType<typeof planHostPathClaim> =>
    planHostPathClaim({
      claim: claim({ ...of, spec: { storageClassName: 'local', ...of.spec } }),
      storageClass: storage,
      volume: undefined,
      directory: '/vols',
      hasNode: (name) => name === 'n',
    })
  const chosen = (node: string): object => ({
    annotations: { ...ordered.annotations, 'volume.kubernetes.io/selected-node': node },
  })
  assert.deepEqual(seen({}), { plan: {} })
  assert.deepEqual(seen({ metadata: ordered }), { plan: {} })
  const made = seen({ metadata: chosen('n') })
  assert.deepEqual(made.directory, { do: 'make', path: '/vols/pvc-uc' })
  const { spec, metadata } = objectOf<PersistentVolume>(made.plan, 0)
  assert.deepEqual(
    [
      spec.hostPath?.path,
      spec.capacity,
      spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values,
    ],
    ['/vols/pvc-uc', { storage: '5Gi' }, ['n']],
  )
  assert.deepEqual(metadata.finalizers, ['external-provisioner.volume.kubernetes.io/finalizer'])
  assert.deepEqual(told(made.plan), [
    'Provisioning: External provisioner is provisioning volume for claim "default/c"',
    'ProvisioningSucceeded: Successfully provisioned volume pvc-uc',
  ])
  const failed = 'ProvisioningFailed: failed to provision volume with StorageClass "local": '
  const gone = seen({ metadata: chosen('away') })
  assert.deepEqual(told(gone.plan), [`${failed}failed to get target node: node "away" not found`])
  assert.equal(
    objectOf<PersistentVolumeClaim>(gone.plan, 0).metadata.annotations?.['volume.kubernetes.io/selected-node'],
    undefined,
  )
  const block = seen({ metadata: chosen('n'), spec: { volumeMode: 'Block' } })
  assert.deepEqual(told(block.plan), [`${failed}gantry.dev/host-path does not support block volume provisioning`])
  const tuned = seen({ metadata: chosen('n') }, { ...ours, parameters: { path: '/etc' } })
  assert.match(told(tuned.plan)[0] ?? '', /invalid parameter "path"/)
})

test('a larger claim grows its host path by word alone', () => {
  const bound = claim({
    metadata: ordered,
    spec: { volumeName: 'v', resources: { requests: { storage: '20Gi' } } },
    status: { phase: 'Bound', capacity: { storage: '10Gi' }, conditions: [{ type: 'Resizing', status: 'True' }] },
  })
  const { plan } = planHostPathClaim({
    claim: bound,
    storageClass: ours,
    volume: volume('v', { spec: { claimRef: reference } }),
    directory: '/vols',
    hasNode: () => true,
  })
  assert.deepEqual(objectOf<PersistentVolume>(plan, 0).spec.capacity, { storage: '20Gi' })
  const { capacity, conditions, allocatedResources } = objectOf<PersistentVolumeClaim>(plan, 1).status ?? {}
  assert.deepEqual([capacity, conditions, allocatedResources], [{ storage: '20Gi' }, undefined, { storage: '20Gi' }])
})

test('only a volume’s own directory is removed', () => {
  const released = (path: string): PersistentVolume =>
    volume('pvc-1', {
      metadata: {
        annotations: { 'pv.kubernetes.io/provisioned-by': 'gantry.dev/host-path' },
        finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'],
      },
      spec: { hostPath: { path }, persistentVolumeReclaimPolicy: 'Delete' },
      status: { phase: 'Released' },
    })
  const own = planHostPathVolume(released('/vols/pvc-1'), '/vols')
  assert.deepEqual(own.directory, { do: 'remove', path: '/vols/pvc-1' })
  assert.deepEqual(words(own.plan), ['update persistentvolumes pvc-1', 'delete persistentvolumes pvc-1'])
  const other = planHostPathVolume(released('/vols/../etc'), '/vols')
  assert.equal(other.directory, undefined)
  assert.deepEqual(told(other.plan), ['VolumeFailedDelete: "/vols/../etc" is not the directory of volume "pvc-1"'])
})
