import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeTree } from '../decode/decode-object.ts'
import { builtInKinds, groupVersionText, typeOfKind } from '../schema/kinds.ts'
import { sampleValue, seededNumbers } from '../schema/sample-object.contract.ts'
import { Defaulter } from './apply-defaults.ts'
import { pullPolicyOf } from './pod-defaults.ts'

const defaulter = new Defaulter()
const now = '2026-01-01T00:00:00Z'
type Json = Readonly<Record<string, unknown>>
function defaulted(object: Json): Json {
  const type = typeOfKind(String(object['apiVersion']), String(object['kind']))
  assert.ok(type)
  return defaulter.apply(decodeTree(object, type).value, type, { now })
}

const cases: readonly (readonly [name: string, object: Json, expected: Json])[] = [
  [
    'a pod',
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: '1' } },
            livenessProbe: { httpGet: { port: 80 } },
          },
        ],
        volumes: [{ name: 'v' }, { name: 's', secret: {} }, { name: 'h', hostPath: { path: '/' } }],
      },
    },
    {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p' },
      spec: {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 's', secret: { defaultMode: 420 } },
          { name: 'h', hostPath: { path: '/', type: '' } },
        ],
        containers: [
          {
            name: 'c',
            image: 'i',
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
            livenessProbe: {
              httpGet: { path: '/', port: 80, scheme: 'HTTP' },
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
            },
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'Always',
          },
        ],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
        enableServiceLinks: true,
      },
      status: {},
    },
  ],
  [
    'a service',
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } },
    {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 's' },
      spec: {
        ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
      },
      status: { loadBalancer: {} },
    },
  ],
  [
    'a load balancer with client affinity',
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }, { hostname: 'h' }] } },
    },
    {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 's' },
      spec: {
        type: 'LoadBalancer',
        sessionAffinity: 'ClientIP',
        externalTrafficPolicy: 'Cluster',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
        allocateLoadBalancerNodePorts: true,
        internalTrafficPolicy: 'Cluster',
      },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1', ipMode: 'VIP' }, { hostname: 'h' }] } },
    },
  ],
  [
    'a namespace',
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', labels: { a: 'b' } } },
    {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name: 'n', labels: { a: 'b', 'kubernetes.io/metadata.name': 'n' } },
      spec: {},
      status: { phase: 'Active' },
    },
  ],
  [
    'a secret',
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } },
    { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, type: 'Opaque' },
  ],
  [
    'a network policy with egress',
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'n' },
      spec: { podSelector: {}, egress: [{ ports: [{ port: 1 }] }] },
    },
    {
      kind: 'NetworkPolicy',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: 'n' },
      spec: {
        podSelector: {},
        egress: [{ ports: [{ protocol: 'TCP', port: 1 }] }],
        policyTypes: ['Ingress', 'Egress'],
      },
    },
  ],
  [
    'a custom resource definition',
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'w' },
      spec: {
        group: 'e',
        names: { plural: 'ws', kind: 'Widget' },
        scope: 'Cluster',
        versions: [{ name: 'v1', served: true, storage: true }],
      },
    },
    {
      kind: 'CustomResourceDefinition',
      apiVersion: 'apiextensions.k8s.io/v1',
      metadata: { name: 'w' },
      spec: {
        group: 'e',
        names: { plural: 'ws', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        scope: 'Cluster',
        versions: [{ name: 'v1', served: true, storage: true }],
        conversion: { strategy: 'None' },
      },
      status: { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: ['v1'] },
    },
  ],
  [
    'a limit range',
    {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'l' },
      spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } }] },
    },
    {
      kind: 'LimitRange',
      apiVersion: 'v1',
      metadata: { name: 'l' },
      spec: {
        limits: [
          {
            type: 'Container',
            max: { cpu: '2' },
            min: { cpu: '1', memory: '1Mi' },
            default: { cpu: '2' },
            defaultRequest: { cpu: '2', memory: '1Mi' },
          },
        ],
      },
    },
  ],
]
for (const [name, object, expected] of cases)
  test(`defaults of ${name}`, () => assert.deepEqual(defaulted(object), expected))

test('a template gets the defaults of pod specs but not those of pods', () => {
  const { spec } = defaulted({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      selector: {},
      template: { spec: { containers: [{ name: 'c', image: 'i:1', resources: { limits: { cpu: '1' } } }] } },
    },
  }) as { spec: Json }
  assert.deepEqual(spec['strategy'], {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
  })
  const pod = (spec['template'] as { spec: Json }).spec
  assert.equal(pod['enableServiceLinks'], undefined)
  assert.equal(pod['dnsPolicy'], 'ClusterFirst')
  const [container] = pod['containers'] as readonly Json[]
  assert.deepEqual(container?.['resources'], { limits: { cpu: '1' } })
  assert.equal(container['imagePullPolicy'], 'IfNotPresent')
})

const accounts: readonly (readonly [what: string, written: Json, kept: Json])[] = [
  ['the name', { serviceAccountName: 'a' }, { serviceAccountName: 'a', serviceAccount: 'a' }],
  ['the old name', { serviceAccount: 'b' }, { serviceAccountName: 'b', serviceAccount: 'b' }],
  ['both', { serviceAccountName: 'a', serviceAccount: 'b' }, { serviceAccountName: 'a', serviceAccount: 'a' }],
  ['neither', {}, {}],
]
for (const [what, written, kept] of accounts)
  test(`a template that says ${what} of its service account shows it under both names`, () => {
    const podTemplate = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 't' } }
    const { template } = defaulted({ ...podTemplate, template: { spec: { containers: [], ...written } } })
    const spec = (template as { readonly spec: Json }).spec
    const { serviceAccountName, serviceAccount } = spec
    assert.deepEqual(
      { serviceAccountName, serviceAccount },
      { serviceAccountName: undefined, serviceAccount: undefined, ...kept },
    )
  })

test('a negative time to end is a second for a pod, and stays in a template', () => {
  const spec = { terminationGracePeriodSeconds: -5, containers: [] }
  const graceOf = (object: Json): unknown => (object['spec'] as Json)['terminationGracePeriodSeconds']
  assert.equal(graceOf(defaulted({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec })), 1)
  const { template } = defaulted({ apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 't' }, template: { spec } })
  assert.equal(graceOf(template as Json), -5)
})

test('a cron job gets no job defaults inside', () => {
  const { spec } = defaulted({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c' },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: { containers: [] } } } } },
  }) as { spec: Json }
  const jobSpec = (spec['jobTemplate'] as { spec: Json }).spec
  assert.deepEqual(Object.keys(jobSpec), ['template'])
  assert.deepEqual(
    [spec['concurrencyPolicy'], spec['suspend'], spec['successfulJobsHistoryLimit'], spec['failedJobsHistoryLimit']],
    ['Allow', false, 3, 1],
  )
})

test('pod-level requests come from the containers, else from the limits', () => {
  const { spec } = defaulted({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      resources: { limits: { cpu: '4', memory: '1Gi' } },
      initContainers: [
        { name: 's', image: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } },
        { name: 'i', image: 'i', resources: { requests: { cpu: '3' } } },
      ],
      containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }],
    },
  }) as { spec: Json }
  assert.deepEqual(spec['resources'], {
    limits: { cpu: '4', memory: '1Gi' },
    requests: { cpu: '3500m', memory: '1Gi' },
  })
})

for (const [image, policy] of [
  ['a', 'Always'],
  ['a:latest', 'Always'],
  ['a:1', 'IfNotPresent'],
  ['r:5000/a', 'Always'],
  [`r:5000/a@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
  [`a:latest@sha256:${'a'.repeat(64)}`, 'Always'],
  ['', 'IfNotPresent'],
  ['ko://example.com/cmd', 'IfNotPresent'],
  ['$(IMAGE)', 'IfNotPresent'],
] as const) {
  test(`${image} is pulled ${policy}`, () => assert.equal(pullPolicyOf(image), policy))
}

test('defaulting twice is defaulting once, stays canonical and leaves its argument alone', () => {
  const kinds = builtInKinds.resources().filter((kind) => kind.kind !== 'Table')
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.nat(), (kind, seed) => {
      const type = typeOfKind(groupVersionText(kind), kind.kind)
      assert.ok(type)
      const { value } = decodeTree(sampleValue(type, seededNumbers(seed)), type)
      const before = JSON.stringify(value)
      const once = defaulter.apply(value, type, { now })
      assert.equal(JSON.stringify(value), before)
      assert.deepEqual(defaulter.apply(once, type, { now }), once)
      assert.equal(JSON.stringify(decodeTree(once, type).value), JSON.stringify(once))
    }),
    { numRuns: 300 },
  )
})
