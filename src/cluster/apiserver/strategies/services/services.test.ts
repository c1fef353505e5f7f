import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipAddresses, services } from '#clients/kubernetes/resources.table.ts'
import type { Service } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type ServedApi, serveApi } from '../../served-api.contract.ts'

const place = { namespace: 'default' }
const both = { serviceCidrs: ['10.96.0.0/16', 'fd00:96::/108'] }

type Spec = Readonly<Record<string, unknown>>

function serviceWith(spec: Spec): never {
  return {
    metadata: { name: 's', ...place },
    spec: { ports: [{ port: 80 }], selector: { a: 'b' }, ...spec },
  } as never
}

/** `V4 V6 PreferDualStack`: addresses or, without any, families; then the policy. */
function shown({ spec }: Service): string {
  const named = (text: string): string => (text.includes(':') ? 'V6' : text === 'None' ? 'None' : 'V4')
  const addresses = (spec.clusterIPs ?? []).map(named)
  const families = (spec.ipFamilies ?? []).map((family) => family.replace('IP', ''))
  return [...addresses, `[${families.join(' ')}]`, spec.ipFamilyPolicy ?? '-'].join(' ')
}

async function outcome(made: Promise<Service>): Promise<string> {
  return made.then(shown, (error: Error) => error.message.replace('Service "s" is invalid: ', ''))
}

async function lifeOf(served: ServedApi, first: Spec, ...patches: readonly Spec[]): Promise<readonly string[]> {
  const { admin } = served
  const steps = [await outcome(admin.create(services, serviceWith(first)))]
  for (const spec of patches)
    steps.push(await outcome(admin.patch(services, 's', { spec } as never, { ...place, type: 'merge' })))
  await admin.delete(services, 's', place).catch(() => undefined)
  return steps
}

const dual = { ipFamilyPolicy: 'PreferDualStack' }
const single = { ipFamilyPolicy: 'SingleStack' }
const rows: readonly (readonly [steps: readonly Spec[], want: readonly string[]])[] = [
  [[{}], ['V4 [v4] SingleStack']],
  [[{ ipFamilies: ['IPv6'] }], ['V6 [v6] SingleStack']],
  [[dual], ['V4 V6 [v4 v6] PreferDualStack']],
  [[{ ...dual, ipFamilies: ['IPv6'] }], ['V6 V4 [v6 v4] PreferDualStack']],
  [[{ clusterIP: 'fd00:96::9' }], ['V6 [v6] SingleStack']],
  [[{ clusterIP: 'None' }], ['None [v4] SingleStack']],
  [[{ clusterIP: 'None', selector: null }], ['None [v4 v6] RequireDualStack']],
  [
    [{ ipFamilies: ['IPv4', 'IPv6'] }],
    [
      "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
    ],
  ],
  [
    [{ clusterIP: 'fd01::1' }],
    [
      'spec.clusterIPs: Invalid value: ["fd01::1"]: failed to allocate IP fd01::1: the provided network does not match the current range',
    ],
  ],
  [
    [{}, dual, single],
    ['V4 [v4] SingleStack', 'V4 V6 [v4 v6] PreferDualStack', 'V4 [v4] SingleStack'],
  ],
  [
    [dual, { ipFamilies: ['IPv4'] }],
    [
      'V4 V6 [v4 v6] PreferDualStack',
      'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be \'SingleStack\' to release the secondary IP family',
    ],
  ],
  [
    [dual, { type: 'ExternalName', externalName: 'x' }, { type: 'ClusterIP', externalName: null }],
    ['V4 V6 [v4 v6] PreferDualStack', '[] -', 'V4 [v4] SingleStack'],
  ],
]

test('a service has the families that it asks for, and changes them as it says', async () => {
  await using served = await serveApi({ config: both })
  for (const [[first = {}, ...patches], want] of rows) {
    const got = await lifeOf(served, first, ...patches)
    assert.deepEqual(got, want, JSON.stringify([first, ...patches]))
  }
})

test('a cluster of one family refuses to give out the other', async () => {
  await using served = await serveApi()
  const refused = 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'
  assert.deepEqual(await lifeOf(served, { ipFamilies: ['IPv6'] }), [refused])
  assert.deepEqual(await lifeOf(served, dual), ['V4 [v4] PreferDualStack'])
  assert.deepEqual(await lifeOf(served, { ipFamilyPolicy: 'RequireDualStack' }), [
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  ])
})

test('an external name loses the policy of a traffic that it does not have', async () => {
  await using served = await serveApi()
  const named = serviceWith({ type: 'ExternalName', externalName: 'x.example.com', internalTrafficPolicy: 'Cluster' })
  const { spec } = await served.admin.create(services, named)
  assert.deepEqual([spec.type, spec.internalTrafficPolicy], ['ExternalName', undefined])
})

test('the objects of a service’s addresses are there when the service is, and not after a refusal', async () => {
  await using served = await serveApi({ config: both })
  const { admin } = served
  const made = await admin.create(services, serviceWith(dual))
  for (const address of made.spec.clusterIPs ?? []) {
    const { spec, metadata } = await admin.get(ipAddresses, address)
    assert.deepEqual(spec.parentRef, { resource: 'services', namespace: 'default', name: 's' })
    assert.equal(metadata.labels?.['ipaddress.kubernetes.io/ip-family'], address.includes(':') ? 'IPv6' : 'IPv4')
  }
  const count = async (): Promise<number> => (await admin.list(ipAddresses)).items.length
  const before = await count()
  await assert.rejects(admin.create(services, serviceWith({})), /already exists/)
  assert.equal(await count(), before)
  const again = serviceWith({ clusterIP: made.spec.clusterIP, clusterIPs: [made.spec.clusterIP] })
  const other = { ...(again as object), metadata: { name: 'other', ...place } } as never
  await assert.rejects(admin.create(services, other), /provided IP is already allocated/)
  await admin.delete(services, 's', place)
  assert.equal((await admin.create(services, other)).spec.clusterIP, made.spec.clusterIP, 'what a service left behind')
})

test('ports of one number share a node port, and a balanced service that keeps traffic local gets one for its health', async () => {
  await using served = await serveApi()
  const { admin } = served
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 80, protocol: 'UDP' },
  ]
  const made = await admin.create(services, serviceWith({ type: 'NodePort', ports }))
  const [a, b] = (made.spec.ports ?? []).map(({ nodePort }) => nodePort)
  assert.ok(a !== undefined && a >= 30_000)
  assert.equal(a, b)
  const local = await admin.patch(
    services,
    's',
    { spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } } as never,
    { ...place, type: 'merge' },
  )
  assert.ok((local.spec.healthCheckNodePort ?? 0) >= 30_000)
  assert.deepEqual(
    local.spec.ports?.map(({ nodePort }) => nodePort),
    [a, a],
  )
  const plain = { type: 'ClusterIP' }
  const back = await admin.patch(services, 's', { spec: plain } as never, { ...place, type: 'merge' })
  assert.deepEqual(
    [back.spec.healthCheckNodePort, back.spec.externalTrafficPolicy, back.spec.ports?.[0]?.nodePort],
    [undefined, undefined, undefined],
  )
})

test('a dry run looks at the range of addresses but not at who has them, and at ports the other way round', async () => {
  await using served = await serveApi()
  const create = async (name: string, spec: object, dryRun: boolean): Promise<string> => {
    const body = { metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }], ...spec } }
    const path = `/api/v1/namespaces/default/services${dryRun ? '?dryRun=All' : ''}`
    const headers = { 'content-type': 'application/json' }
    const sent = { method: 'POST', token: 'admin-token', headers, body: Buffer.from(JSON.stringify(body)) }
    const { message = 'fine' } = (await (await served.call(path, sent)).json()) as { readonly message?: string }
    return message
  }
  const port = (nodePort: number): object => ({ type: 'NodePort', ports: [{ port: 80, nodePort }] })
  const range = served.api.parts.view.config.serviceCidrs[0]
  const address = String(range).replace(/0\/\d+$/, '77')
  assert.equal(await create('a', { clusterIP: address, ...port(30_777) }, false), 'fine')
  assert.equal(await create('b', { clusterIP: address }, true), 'fine')
  assert.match(
    await create('b', { clusterIP: '1.2.3.4' }, true),
    new RegExp(`the provided IP \\(1\\.2\\.3\\.4\\) is not in the valid range\\. The range of valid IPs is ${range}$`),
  )
  assert.equal(await create('b', port(5), true), 'fine')
  assert.match(await create('b', port(30_777), true), /provided port is already allocated$/)
})
