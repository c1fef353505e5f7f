import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event, Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { KubernetesObject } from '#spec/kubernetes/objects/objects.ts'
import { explainField, fieldSteps } from './explain-field.ts'
import { explainObject } from './explain-object.ts'
import { printExplanation } from './print-explanation.ts'
import type { Surroundings } from './surroundings.ts'

const nowMs = Date.parse('2026-01-01T00:10:00Z')

function around(given: Partial<Surroundings> = {}): Surroundings {
  const nothing = {
    pods: [],
    replicaSets: [],
    jobs: [],
    claims: [],
    storageClasses: [],
    slices: [],
    nodes: [],
    events: [],
  }
  return { ...nothing, placement: () => [{ says: 'the scheduler speaks' }], nowMs, ...given }
}

/** What is printed for an object, without its first line's subject. */
function told(object: object, given?: Partial<Surroundings>): string {
  const { answer, findings } = explainObject(object as KubernetesObject, around(given))
  return printExplanation({ subject: 'it', answer, findings })
}

function pod(name: string, rest: object = {}): Pod {
  const made = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, uid: name },
    spec: { containers: [{ name: 'c' }] },
    ...rest,
  }
  return made as unknown as Pod
}

function warning(object: Pod, rest: Partial<Event>): Event {
  const involvedObject = { kind: 'Pod', name: object.metadata.name, uid: object.metadata.uid }
  const made = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, type: 'Warning', involvedObject }
  return { ...made, reason: 'FailedMount', ...rest } as unknown as Event
}

const readyNode = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n' },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
} as never

const onNode = { containers: [{ name: 'c', readinessProbe: {} }], nodeName: 'n' }
const running = { state: { running: {} }, ready: false, restartCount: 0, name: 'c' }

describe('explaining an object', () => {
  const cases: readonly [string, string, string][] = [
    ['a pod without a node asks the scheduler', told(pod('p')), 'it: It waits for a node.\n  - the scheduler speaks\n'],
    [
      'a pod of a scheduler that says nothing is told so',
      told(pod('p', { spec: { containers: [], schedulerName: 'mine' } })),
      'it: It waits for a node.\n  - it wants the scheduler mine, which has not said anything of it\n    → Start that scheduler, or make the pod anew without schedulerName.\n',
    ],
    [
      'a claim that is missing is named with its remedy',
      told(pod('p', { spec: { containers: [], volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] } })),
      'it: It waits for a node.\n  - the scheduler speaks\n  - claim data does not exist\n    → Make the PersistentVolumeClaim data.\n',
    ],
    [
      'an image that cannot be pulled',
      told(
        pod('p', {
          spec: onNode,
          status: {
            phase: 'Pending',
            containerStatuses: [
              { ...running, state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } } },
            ],
          },
        }),
        { nodes: [readyNode] },
      ),
      'it: It waits for its containers on n.\n  - container c waits: ImagePullBackOff, Back-off pulling image "x"\n' +
        '    → Check the name of the image, and imagePullSecrets where its registry wants a login.\n',
    ],
    [
      'a probe that fails',
      told(pod('p', { spec: onNode, status: { phase: 'Running', containerStatuses: [running] } }), {
        nodes: [readyNode],
      }),
      'it: It runs on n and is not ready.\n  - container c runs, and its readiness probe fails\n' +
        '    → The probe and its limits are in the pod: kubectl describe pod.\n',
    ],
    [
      'restarts for want of memory',
      told(
        pod('p', {
          spec: onNode,
          status: {
            phase: 'Running',
            conditions: [{ type: 'Ready', status: 'True' }],
            containerStatuses: [
              {
                ...running,
                ready: true,
                restartCount: 4,
                lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
              },
            ],
          },
        }),
        { nodes: [readyNode] },
      ),
      'it: It runs on n and is ready.\n  - container c was restarted 4 times; last it ended with exit code 137 (OOMKilled)\n' +
        '    → It needs more memory than its limit: raise resources.limits.memory or let it use less.\n',
    ],
    [
      'a node that is gone',
      told(pod('p', { spec: onNode, status: { phase: 'Running' } })),
      'it: It runs on n and is not ready.\n  - its node n is gone\n',
    ],
    [
      'a pod whose grace is over',
      told(
        pod('p', { metadata: { name: 'p', deletionTimestamp: '2026-01-01T00:09:00Z', finalizers: ['example.com/x'] } }),
      ),
      'it: It is being deleted.\n  - finalizer example.com/x is set\n' +
        '    → Its controller takes it away; when that is gone for good, remove it by kubectl edit.\n' +
        '  - its grace period is over, and its node has not said that the containers ended\n',
    ],
    [
      'a namespace that is held up says what is left in it',
      told({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'n', deletionTimestamp: '2026-01-01T00:09:00Z' },
        status: {
          conditions: [
            {
              type: 'NamespaceContentRemaining',
              status: 'True',
              reason: 'SomeResourcesRemain',
              message: 'pods. has 1',
            },
          ],
        },
      }),
      'it: It is being deleted.\n  - NamespaceContentRemaining is True (SomeResourcesRemain): pods. has 1\n',
    ],
    [
      'a kind that nobody knows is told by its conditions',
      told({
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: { name: 'w' },
        status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Cold', message: 'no fire' }] },
      }),
      'it: 1 of 1 conditions not good.\n  - Ready is False (Cold): no fire\n',
    ],
    [
      'a claim whose class is not there',
      told({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: { storageClassName: 'fast' },
      }),
      'it: It waits for a volume.\n  - storage class fast does not exist\n' +
        '    → kubectl get storageclass lists those there are.\n',
    ],
    [
      'a service whose selector no pod has',
      told(
        { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { selector: { app: 'a', tier: 'x' } } },
        { pods: [pod('near', { metadata: { name: 'near', labels: { app: 'a', tier: 'y' } } })] },
      ),
      'it: 0 endpoints ready, 0 not.\n  - no pod has the labels app=a,tier=x\n' +
        '    → Compare its selector with the labels of the pods: kubectl get pods --show-labels.\n' +
        '    - some of them: pod/near\n',
    ],
  ]
  for (const [name, actual, expected] of cases) it(name, () => assert.equal(actual, expected))

  it('gives the newest warning of each reason, for this object only', () => {
    const stuck = pod('p', { spec: onNode, status: { phase: 'Pending' } })
    const other = pod('other')
    const text = told(stuck, {
      nodes: [readyNode],
      events: [
        warning(stuck, { message: 'old', lastTimestamp: '2026-01-01T00:01:00Z' }),
        warning(stuck, { message: 'new', lastTimestamp: '2026-01-01T00:02:00Z', count: 7 }),
        warning(other, { message: 'of another' }),
      ],
    })
    assert.match(text, /event FailedMount \(7 times\): new/)
    assert.doesNotMatch(text, /old|another/)
  })

  it('tells pods that wait for the same reason as one', () => {
    const owner = { uid: 'set', controller: true, apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'set' }
    const pods = ['a', 'b', 'c'].map((name) => pod(name, { metadata: { name, uid: name, ownerReferences: [owner] } }))
    const set = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'set', uid: 'set' },
      spec: { replicas: 3 },
    }
    assert.match(told({ ...set, status: { replicas: 3 } }, { pods }), /pod\/a and 2 others: It waits for a node\./)
  })
})

describe('explaining who set a field', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      managedFields: [
        {
          manager: 'kubectl',
          operation: 'Apply',
          time: 'T1',
          fieldsV1: { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {} } } } },
        },
        {
          manager: 'scaler',
          operation: 'Update',
          time: 'T2',
          subresource: 'scale',
          fieldsV1: { 'f:spec': { 'f:n': {} } },
        },
      ],
    },
    spec: { n: 2, other: true, containers: [{ name: 'web', image: 'nginx' }] },
  } as unknown as KubernetesObject
  const says = (path: string): readonly string[] => {
    const { answer, findings } = explainField(object, path)
    return [answer, ...findings.map((one) => one.says)]
  }

  it('finds items by name, by key and by position', () => {
    for (const path of [
      'spec.containers[web].image',
      '.spec.containers[name=web].image',
      '{.spec.containers[0].image}',
    ])
      assert.equal(says(path)[1], 'kubectl (Apply) at T1', path)
  })

  it('names the subresource that the manager wrote through', () => {
    assert.deepEqual(says('spec.n'), ['spec.n is 2; set by:', 'scaler (Update through scale) at T2'])
  })

  it('tells a default from a field that is not set', () => {
    assert.match(says('spec.other')[1] ?? '', /no manager owns it/)
    assert.deepEqual(says('spec.none'), ['spec.none is not set.', 'nobody has set it'])
  })

  it('reads quoted members', () => {
    const steps = fieldSteps('metadata.labels["a.b/c"]')
    assert.deepEqual(steps, [{ member: 'metadata' }, { member: 'labels' }, { member: 'a.b/c' }])
  })
})
