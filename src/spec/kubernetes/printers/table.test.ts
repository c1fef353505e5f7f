import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInKinds } from '../schema/kinds.ts'
import { humanSpan, type Json } from './cells.ts'
import { findJsonPath, parseJsonPath } from './json-path.ts'
import { customPrinter, printerOf, rowConditions } from './table.ts'

const now = 1_767_225_600 // 2026-01-01T00:00:00Z
const meta = { name: 'x', creationTimestamp: '2025-12-31T23:55:00Z' }
const row = (group: string, kind: string, object: Json): readonly unknown[] =>
  printerOf(group, kind).cells({ metadata: meta, ...object }, now)

const spans: readonly (readonly [seconds: number, shown: string])[] = [
  [-2, '<invalid>'],
  [-0.5, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [150, '2m30s'],
  [600, '10m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [12_000, '3h20m'],
  [28_800, '8h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [183_600, '2d3h'],
  [691_200, '8d'],
  [31_536_000, '365d'],
  [63_072_000, '2y'],
  [66_000_000, '2y33d'],
  [252_288_000, '8y'],
]
for (const [seconds, shown] of spans)
  test(`${seconds} seconds are ${shown}`, () => assert.equal(humanSpan(seconds), shown))

test('every kind has as many cells as columns', () => {
  for (const kind of builtInKinds.resources()) {
    const printer = printerOf(kind.group, kind.kind)
    const extra = kind.kind === 'IPAddress' ? 1 : 0
    assert.equal(printer.cells({ metadata: meta }, now).length, printer.columns.length + extra, kind.kind)
  }
})

const running = { ready: true, started: true, restartCount: 0, state: { running: {} } }
const pods: readonly (readonly [name: string, pod: Json, ready: string, status: string, restarts: string])[] = [
  ['a pending pod', { spec: { containers: [{}, {}] }, status: { phase: 'Pending' } }, '0/2', 'Pending', '0'],
  [
    'a running pod',
    { spec: { containers: [{}] }, status: { phase: 'Running', containerStatuses: [running] } },
    '1/1',
    'Running',
    '0',
  ],
  [
    'a crashing pod',
    {
      spec: { containers: [{}] },
      status: {
        phase: 'Running',
        containerStatuses: [
          {
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { finishedAt: '2025-12-31T23:58:00Z' } },
          },
        ],
      },
    },
    '0/1',
    'CrashLoopBackOff',
    '3 (2m ago)',
  ],
  [
    'a pod in its second init step',
    {
      spec: { containers: [{}], initContainers: [{ name: 'a' }, { name: 'b' }] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          { name: 'a', state: { terminated: { exitCode: 0 } } },
          { name: 'b', state: { running: {} } },
        ],
      },
    },
    '0/1',
    'Init:1/2',
    '0',
  ],
  [
    'a failed init step',
    {
      spec: { containers: [{}], initContainers: [{ name: 'a' }] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'a', restartCount: 2, state: { terminated: { exitCode: 7 } } }],
      },
    },
    '0/1',
    'Init:ExitCode:7',
    '2',
  ],
  [
    'a pod with a sidecar',
    {
      spec: { containers: [{}], initContainers: [{ name: 's', restartPolicy: 'Always' }] },
      status: { phase: 'Running', initContainerStatuses: [{ name: 's', ...running }], containerStatuses: [running] },
    },
    '2/2',
    'Running',
    '0',
  ],
  [
    'a finished pod',
    {
      spec: { containers: [{}] },
      status: {
        phase: 'Succeeded',
        containerStatuses: [{ restartCount: 0, state: { terminated: { reason: 'Completed', exitCode: 0 } } }],
      },
    },
    '0/1',
    'Completed',
    '0',
  ],
  [
    'a pod being deleted',
    {
      metadata: { ...meta, deletionTimestamp: '2026-01-01T00:00:00Z' },
      spec: { containers: [{}] },
      status: { phase: 'Running', containerStatuses: [running] },
    },
    '1/1',
    'Terminating',
    '0',
  ],
  [
    'a gated pod',
    {
      spec: { containers: [{}] },
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    },
    '0/1',
    'SchedulingGated',
    '0',
  ],
]
for (const [name, pod, ready, status, restarts] of pods) {
  test(`the row of ${name}`, () => assert.deepEqual(row('', 'Pod', pod).slice(1, 4), [ready, status, restarts]))
}

const rows: readonly (readonly [group: string, kind: string, object: Json, cells: readonly unknown[]])[] = [
  [
    '',
    'Service',
    {
      spec: {
        type: 'NodePort',
        clusterIPs: ['10.0.0.1'],
        ports: [{ port: 80, nodePort: 30_000, protocol: 'TCP' }],
        selector: { b: '2', a: '1' },
      },
    },
    ['x', 'NodePort', '10.0.0.1', '<none>', '80:30000/TCP', '5m', 'a=1,b=2'],
  ],
  [
    '',
    'Service',
    { spec: { type: 'LoadBalancer' } },
    ['x', 'LoadBalancer', '<none>', '<pending>', '<none>', '5m', '<none>'],
  ],
  [
    '',
    'Node',
    {
      metadata: {
        ...meta,
        labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' },
      },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { kubeletVersion: 'v1', kernelVersion: '6.1', architecture: 'amd64' },
      },
    },
    [
      'x',
      'Ready,SchedulingDisabled',
      'control-plane,worker',
      '5m',
      'v1',
      '<none>',
      '<none>',
      '<unknown>',
      '6.1 (amd64)',
      '<unknown>',
    ],
  ],
  ['', 'ConfigMap', { data: { a: '1' }, binaryData: { b: '' } }, ['x', 2, '5m']],
  [
    '',
    'Endpoints',
    { subsets: [{ addresses: [{ ip: '1.1.1.1' }, { ip: 'fd00::1' }], ports: [{ port: 80 }, { port: 81 }] }] },
    ['x', '1.1.1.1:80,[fd00::1]:80,1.1.1.1:81 + 1 more...', '5m'],
  ],
  [
    'apps',
    'Deployment',
    {
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'z' } },
        template: { spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
      status: { readyReplicas: 1 },
    },
    ['x', '1/3', 0, 0, '5m', 'c', 'i', 'app=z'],
  ],
  [
    'batch',
    'Job',
    { spec: { parallelism: 2 }, status: { startTime: '2025-12-31T23:59:00Z', succeeded: 1 } },
    ['x', 'Running', '1/1 of 2', '60s', '5m', '', '', '<none>'],
  ],
  [
    'batch',
    'CronJob',
    { spec: { schedule: '* * * * *', suspend: false } },
    ['x', '* * * * *', '<none>', 'False', 0, '<none>', '5m', '', '', '<none>'],
  ],
  [
    'autoscaling',
    'HorizontalPodAutoscaler',
    {
      spec: {
        maxReplicas: 4,
        scaleTargetRef: { kind: 'Deployment', name: 'd' },
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
      },
    },
    ['x', 'Deployment/d', 'cpu: <unknown>/80%', '<unset>', 4, 0, '5m'],
  ],
  [
    'discovery.k8s.io',
    'EndpointSlice',
    { addressType: 'IPv4', endpoints: [{ addresses: ['a', 'b'] }, { addresses: ['c', 'd'] }] },
    ['x', 'IPv4', '<unset>', 'a,b,c + 1 more...', '5m'],
  ],
  [
    'certificates.k8s.io',
    'CertificateSigningRequest',
    {
      spec: { signerName: 's', username: 'u', expirationSeconds: 3600 },
      status: { certificate: 'x', conditions: [{ type: 'Approved' }] },
    },
    ['x', '5m', 's', 'u', '60m', 'Approved,Issued'],
  ],
  [
    '',
    'ResourceQuota',
    { status: { hard: { 'limits.cpu': '2', pods: '3' }, used: { pods: '1' } } },
    ['x', 'pods: 1/3', 'limits.cpu: 0/2', '5m'],
  ],
  ['', 'LimitRange', {}, ['x', '2025-12-31T23:55:00Z']],
  [
    '',
    'Service',
    {
      spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.9'] },
      status: { loadBalancer: { ingress: [{ hostname: 'balancer.example.com' }, { ip: '192.0.2.10' }] } },
    },
    ['x', 'LoadBalancer', '10.96.0.9', '192.0.2.10,balancer.example.com', '<none>', '5m', '<none>'],
  ],
]
for (const [group, kind, object, cells] of rows)
  test(`the row of a ${kind} (${String(cells[1])})`, () => assert.deepEqual(row(group, kind, object), cells))

test('an ended pod is marked for clients', () => {
  assert.equal(rowConditions('', 'Pod', { status: { phase: 'Failed' } })?.[0]?.['reason'], 'Failed')
  assert.equal(rowConditions('', 'Pod', { status: { phase: 'Running' } }), undefined)
})

test('custom columns keep their types and show nothing for what is not there', () => {
  const printer = customPrinter([
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Since', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Map', type: 'string', jsonPath: '.spec.map', priority: 1 },
  ])
  const object = {
    metadata: meta,
    spec: { size: 3, map: { a: 1 } },
    status: {
      conditions: [
        { type: 'Other', status: 'x' },
        { type: 'Ready', status: 'True' },
      ],
    },
  }
  assert.deepEqual(printer.cells(object, now), ['x', 3, 'True', '5m', '{"a":1}'])
  assert.deepEqual(printer.cells({ metadata: { name: 'y', creationTimestamp: 'bad' } }, now), [
    'y',
    null,
    null,
    '<invalid>',
    null,
  ])
  assert.deepEqual(
    customPrinter(undefined).columns.map((column) => column.name),
    ['Name', 'Age'],
  )
})

const paths: readonly (readonly [path: string, found: readonly unknown[]])[] = [
  ['.a.b', [1]],
  ["['a']['b']", [1]],
  ['{.a.b}', [1]],
  ['$.list[0]', ['x']],
  ['.list[-1]', ['z']],
  ['.list[0:2]', ['x', 'y']],
  ['.list[*]', ['x', 'y', 'z']],
  ['..b', [1, 2]],
  ['.items[?(@.n>1)].n', [2]],
  ['.items[?(@.b)].b', [2]],
  ['.nope.b', []],
  [String.raw`.a\.c`, [5]],
]
for (const [path, found] of paths) {
  test(`${path} finds ${JSON.stringify(found)}`, () =>
    assert.deepEqual(
      findJsonPath(
        { a: { b: 1 }, list: ['x', 'y', 'z'], items: [{ n: 1 }, { n: 2, b: 2 }], 'a.c': 5 },
        parseJsonPath(path),
      ),
      found,
    ))
}
for (const bad of ['.a[', '.a[?(x)]', '.a[1,2'])
  test(`${bad} is no path`, () => assert.throws(() => parseJsonPath(bad), { code: 'KUBERNETES_JSON_PATH' }))
