import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../objects/objects.ts'
import { createWarnings, updateWarnings } from './warnings.ts'

type Json = Readonly<Record<string, unknown>>

function object(kind: string, members: Json, name: string = 'x'): KubernetesObject {
  const [group = '', short = ''] = kind.split('/')
  const apiVersion = group === '' ? 'v1' : `${group}/v1`
  return { apiVersion, kind: short, metadata: { name, generation: 1 }, ...members } as unknown as KubernetesObject
}

function pod(spec: Json, annotations?: Readonly<Record<string, string>>): KubernetesObject {
  return object('/Pod', { metadata: { name: 'x', annotations }, spec: { containers: [], ...spec } })
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const certificate = '-----BEGIN CERTIFICATE-----\naGk=\n-----END CERTIFICATE-----\n'
const privateKey = '-----BEGIN EC PRIVATE KEY-----\naGk=\n-----END EC PRIVATE KEY-----\n'
const secret = (crt: string, key: string): KubernetesObject =>
  object('/Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': base64(crt), 'tls.key': base64(key) } })

const cases: readonly (readonly [what: string, object: KubernetesObject, warnings: readonly string[]])[] = [
  ['a plain pod', pod({ containers: [{ name: 'c' }] }), []],
  [
    'a pod whose name is no label',
    object('/Pod', { metadata: { name: 'a.b' }, spec: { containers: [] } }),
    [
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ],
  ],
  [
    'old labels of nodes',
    pod({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }),
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    'a spread without a selector',
    pod({ topologySpreadConstraints: [{ topologyKey: 'zone' }] }),
    ['spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod'],
  ],
  [
    'a retired volume',
    pod({ volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] }),
    ['spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+'],
  ],
  [
    'files that overlap',
    pod({
      volumes: [{ name: 'v', configMap: { name: 'c', items: [{ path: 'a' }, { path: 'a/b' }, { path: 'ab' }] } }],
    }),
    ['volume "v" (ConfigMap "c"): overlapping paths: "a/b" with "a"'],
  ],
  [
    'projected sources that overlap, and an empty one',
    pod({
      volumes: [
        {
          name: 'v',
          projected: {
            sources: [{}, { serviceAccountToken: { path: 't' } }, { secret: { name: 's', items: [{ path: 't' }] } }],
          },
        },
      ],
    }),
    [
      'volume "v" (Projected) has no sources provided',
      'volume "v" (Projected): overlapping paths: "t" (Secret "s") with "t" (ServiceAccountToken)',
    ],
  ],
  [
    'pull secrets that are empty or repeated',
    pod({ imagePullSecrets: [{ name: '' }, { name: 'a' }, { name: 'a' }] }),
    ['spec.imagePullSecrets[2].name: duplicate name "a"', 'spec.imagePullSecrets[0].name: invalid empty name ""'],
  ],
  [
    'a fraction of a byte',
    pod({ containers: [{ name: 'c', resources: { limits: { memory: '1500m' }, requests: { memory: '1' } } }] }),
    ['spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer'],
  ],
  [
    'a variable defined twice',
    pod({
      containers: [
        {
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
            { name: 'A', value: '$(A)3' },
          ],
        },
      ],
    }),
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'ports of two containers',
    pod({
      containers: [
        { ports: [{ name: 'p', containerPort: 1, protocol: 'TCP' }] },
        { ports: [{ name: 'p', containerPort: 1, protocol: 'TCP', hostPort: 5, hostIP: '1.1.1.1' }] },
        { ports: [{ containerPort: 2, protocol: 'UDP', hostIP: '1.1.1.1' }] },
      ],
    }),
    [
      'spec.containers[1].ports[0]: overlapping port definition with spec.containers[0].ports[0]',
      'spec.containers[2].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:2 Protocol:UDP HostIP:1.1.1.1}',
      'spec.containers[1].ports[0]: duplicate port name "p" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ],
  ],
  [
    'negative grace',
    pod({ terminationGracePeriodSeconds: -1 }),
    ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  ],
  [
    'a seccomp annotation',
    pod({}, { 'seccomp.security.alpha.kubernetes.io/pod': 'x' }),
    [
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ],
  ],
  [
    'a template',
    object('apps/DaemonSet', { spec: { template: { spec: { containers: [], hostAliases: [{ ip: '010.1.1.1' }] } } } }),
    ['spec.template.spec.hostAliases[0].ip: non-standard IP address "010.1.1.1" is invalid: use "10.1.1.1"'],
  ],
  [
    'a service with addresses of its own',
    object('/Service', { spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', externalIPs: ['1.2.3.4'] } }),
    ['spec.externalIPs is deprecated and may no longer be implemented in some clusters'],
  ],
  [
    'a headless service',
    object('/Service', { spec: { type: 'ClusterIP', clusterIP: 'None', sessionAffinity: 'ClientIP' } }),
    ['spec.SessionAffinity is ignored for headless services'],
  ],
  ['a good TLS secret', secret(certificate, privateKey), []],
  ['a TLS secret of nothing', secret('x', privateKey), ['tls: failed to find any PEM data in certificate input']],
  [
    'a TLS secret the wrong way round',
    secret(privateKey, certificate),
    [
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
  ],
  [
    'a quota that nobody can use up',
    object('/ResourceQuota', { spec: { hard: { cpu: '2', 'limits.cpu': '1' } } }),
    ['ResourceQuota cpu (2) should be less than limits.cpu (1)'],
  ],
  [
    'a retired persistent volume',
    object('/PersistentVolume', { spec: { persistentVolumeReclaimPolicy: 'Recycle', rbd: {} } }),
    [
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
      'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
    ],
  ],
]
for (const [what, written, warnings] of cases)
  test(`warnings about ${what}`, () => {
    const [group = ''] = written.apiVersion.includes('/') ? written.apiVersion.split('/') : []
    assert.deepEqual(createWarnings({ group, kind: written.kind }, written), warnings)
  })

test('a changed template is told of when the change counts, a changed pod never', () => {
  const template = { spec: { containers: [], terminationGracePeriodSeconds: -1 } }
  const old = object('apps/Deployment', { spec: { template } })
  const next = { ...old, metadata: { name: 'x', generation: 2 } } as KubernetesObject
  const kind = { group: 'apps', kind: 'Deployment' }
  assert.equal(updateWarnings(kind, { object: old, old, subresource: '' }).length, 0)
  assert.equal(updateWarnings(kind, { object: next, old, subresource: '' }).length, 1)
  assert.equal(updateWarnings(kind, { object: next, old, subresource: 'status' }).length, 0)
  const graceless = pod({ terminationGracePeriodSeconds: -1 })
  assert.deepEqual(
    updateWarnings({ group: '', kind: 'Pod' }, { object: graceless, old: graceless, subresource: '' }),
    [],
  )
})

test('tens of thousands of files and ports are looked through once, not each against each', () => {
  const items = Array.from({ length: 30_000 }, (_, index) => ({ key: 'k', path: `f${index}` }))
  const ports = Array.from({ length: 30_000 }, (_, index) => ({
    containerPort: 80,
    protocol: 'TCP',
    hostPort: index + 1,
  }))
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { volumes: [{ name: 'v', configMap: { name: 'c', items } }], containers: [{ name: 'c', image: 'i', ports }] },
  }
  assert.deepEqual(createWarnings({ group: '', kind: 'Pod' }, pod as never), [])
  const nested = {
    ...pod,
    spec: {
      ...pod.spec,
      volumes: [
        {
          name: 'v',
          configMap: {
            name: 'c',
            items: [
              { key: 'k', path: 'f/a' },
              { key: 'k', path: 'f-a' },
              { key: 'k', path: 'f' },
            ],
          },
        },
      ],
    },
  }
  assert.deepEqual(createWarnings({ group: '', kind: 'Pod' }, nested as never), [
    'volume "v" (ConfigMap "c"): overlapping paths: "f" with "f/a"',
  ])
})
