/** A scheduler with extenders behind HTTP, against an API server in the process. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  events,
  namespaces,
  nodes,
  pods,
  priorityClasses,
  serviceAccounts,
} from '#clients/kubernetes/resources.table.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { createApiServer } from '#cluster/apiserver/api-server.ts'
import { readSchedulerConfiguration } from '#cluster/scheduler/configuration/read-scheduler-configuration.ts'
import { startScheduler } from '#cluster/scheduler/scheduler.ts'
import { someNode } from '#cluster/scheduler/scheduling.contract.ts'
import { createHttpServer } from '#kit/http/server.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'

const clock = createClock()
const random = createRandom()
const gpu = 'example.com/gpu'

type Members = Readonly<Record<string, unknown>>
/** What an extender answers; undefined is an error of the server, a promise an answer that comes late: never before the signal says that nobody waits any more. */
type Answer = (verb: string, asked: Members, signal: AbortSignal) => unknown

interface Scene extends AsyncDisposable {
  readonly client: KubeClient
  readonly asked: { readonly verb: string; readonly body: Members }[]
  /** Makes a pod and waits until it has a node or the scheduler said why not. */
  place(name: string, spec?: Partial<Pod['spec']>): Promise<{ readonly node?: string; readonly message?: string }>
}

/** Two nodes, `a` and `b`, and a scheduler that asks one extender. */
async function startScene(extender: object, answer: Answer): Promise<Scene> {
  await using scope = new AsyncDisposableStack()
  const asked: Scene['asked'] = []
  const server = scope.use(
    await createHttpServer({
      clock,
      listeners: [{ host: '127.0.0.1', port: 0 }],
      handler: async (request, response) => {
        const chunks: Buffer[] = []
        for await (const chunk of request.body) chunks.push(chunk as Buffer)
        const verb = request.path.split('/').at(-1) ?? ''
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Members
        asked.push({ verb, body })
        const said = await answer(verb, body, request.signal)
        if (said === undefined) response.json(500, {})
        else response.json(200, said)
      },
      encodeError: (error) => ({ status: 500, body: String(error) }),
      limits: { stopGraceMs: 100 },
    }),
  )
  const [address] = server.addresses
  const urlPrefix = `http://127.0.0.1:${address !== undefined && 'port' in address ? address.port : 0}/x/`
  const store = scope.use(createMemoryStore({ clock }))
  const api = scope.use(await createApiServer({ clock, random, store, log: silentLog }))
  const client = api.clientFor({ name: 'system:admin', groups: ['system:masters'] })
  await fill(client)
  const config = readSchedulerConfiguration({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    extenders: [{ urlPrefix, ...extender }],
  })
  const scheduler = scope.use(startScheduler({ client, clock, random, log: silentLog }, config))
  await scheduler.synced
  const running = scope.move()
  return {
    client,
    asked,
    place: (name, spec = {}) => place(client, name, spec),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function fill(client: KubeClient): Promise<void> {
  const namespace = 'x'
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } } as const
  await client.create(serviceAccounts, account)
  const important = { metadata: { name: 'important' }, value: 10 }
  await client.create(priorityClasses, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', ...important })
  for (const name of ['a', 'b']) {
    const { metadata, status, ...rest } = someNode(name)
    const made = await client.create(nodes, { ...rest, metadata })
    await client.updateStatus(nodes, { ...made, ...(status === undefined ? {} : { status }) })
    await client.patch(nodes, name, { spec: { taints: null } }, { type: 'merge' })
  }
}

async function place(
  client: KubeClient,
  name: string,
  spec: Partial<Pod['spec']>,
): Promise<{ readonly node?: string; readonly message?: string }> {
  const containers = [{ name: 'c', image: 'i' }]
  const metadata = { name, namespace: 'x' }
  const made = await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, ...spec } })
  if (made.spec.nodeName !== undefined) return { node: made.spec.nodeName }
  const { resourceVersion } = made.metadata
  const watching = {
    namespace: 'x',
    fieldSelector: `metadata.name=${name}`,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  for await (const event of client.watch(pods, watching)) {
    if (event.type === 'BOOKMARK') continue
    const { spec: now, status } = event.object
    if (now.nodeName !== undefined) return { node: now.nodeName }
    const message = status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message
    if (message !== undefined) return { message }
  }
  throw new Error('the watch ended')
}

const wants = (resources: object): Partial<Pod['spec']> => ({ containers: [{ name: 'c', image: 'i', resources }] })
const namesOf = (asked: Members | undefined): readonly string[] => ((asked?.['NodeNames'] ?? []) as string[]).toSorted()

describe('a scheduler with an extender', { timeout: 120_000 }, () => {
  test('goes only where it lets pods go, and tells it whole nodes unless it knows them', async () => {
    const extender = { filterVerb: 'filter' }
    await using it = await startScene(extender, (_verb, { Nodes }) => {
      const { items } = Nodes as { readonly items: readonly { readonly metadata: { readonly name: string } }[] }
      return { Nodes: { items: items.filter(({ metadata }) => metadata.name === 'b') }, FailedNodes: { a: 'not a' } }
    })
    for (const name of ['one', 'two', 'three']) assert.deepEqual(await it.place(name), { node: 'b' })
    const [{ verb, body } = { verb: '', body: {} }] = it.asked
    assert.equal(verb, 'filter')
    assert.equal(body['NodeNames'], null)
    assert.equal((body['Pod'] as Pod).metadata.name, 'one')
  })

  test('says in its words why no node will do, and tries again when anything changes', async () => {
    let isOpen = false
    await using it = await startScene({ filterVerb: 'filter', nodeCacheCapable: true }, (_verb, { NodeNames }) =>
      isOpen
        ? { NodeNames }
        : {
            NodeNames: [],
            FailedNodes: { a: 'busy', b: 'closed' },
            FailedAndUnresolvableNodes: { b: 'closed for good' },
          },
    )
    const { message } = await it.place('one')
    assert.equal(
      message,
      '0/2 nodes are available: 1 busy, 1 closed for good. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    )
    assert.deepEqual(namesOf(it.asked[0]?.body), ['a', 'b'])
    isOpen = true
    await it.client.patch(nodes, 'a', { metadata: { labels: { any: 'change' } } }, { type: 'merge' })
    for await (const event of it.client.watch(pods, { namespace: 'x' }))
      if (event.type !== 'BOOKMARK' && event.object.spec.nodeName !== undefined) break
  })

  test('adds its scores, weighed, to those of the plugins', async () => {
    const extender = { prioritizeVerb: 'score', weight: 100, nodeCacheCapable: true }
    await using it = await startScene(extender, () => [
      { Host: 'a', Score: 0 },
      { Host: 'b', Score: 10 },
    ])
    for (const name of ['one', 'two', 'three', 'four']) assert.deepEqual(await it.place(name), { node: 'b' })
  })

  test('does without scores that do not come', async () => {
    await using it = await startScene({ prioritizeVerb: 'score', weight: 1 }, () => undefined)
    assert.notEqual((await it.place('one')).node, undefined)
  })

  test('asks only about pods that want what it looks after, which the plugins then overlook', async () => {
    const managedResources = [{ name: gpu, ignoredByScheduler: true }]
    const extender = { filterVerb: 'filter', nodeCacheCapable: true, managedResources }
    await using it = await startScene(extender, () => ({ NodeNames: ['b'] }))
    assert.notEqual((await it.place('one')).node, undefined)
    assert.equal(it.asked.length, 0)
    assert.deepEqual(await it.place('two', wants({ limits: { [gpu]: '1' } })), { node: 'b' })
    assert.equal(it.asked.length, 1)
  })

  test('leaves the binding to one that binds', async () => {
    let client: KubeClient | undefined
    const extender = { filterVerb: 'filter', bindVerb: 'bind', nodeCacheCapable: true }
    await using it = await startScene(extender, async (verb, asked) => {
      if (verb === 'filter') return { NodeNames: ['a'] }
      const { PodName: name, PodNamespace: namespace, Node: node } = asked as Readonly<Record<string, string>>
      const target = { kind: 'Node', name: node }
      const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target }
      await client?.createSubresource(pods, name ?? '', { namespace: namespace ?? '', subresource: 'binding', body })
      return {}
    })
    client = it.client
    assert.deepEqual(await it.place('one'), { node: 'a' })
    const { uid } = (await it.client.get(pods, 'one', { namespace: 'x' })).metadata
    const bind = { PodName: 'one', PodNamespace: 'x', PodUID: uid, Node: 'a' }
    assert.deepEqual(it.asked.at(-1), { verb: 'bind', body: bind })
  })

  test('evicts whom it chooses to evict', async () => {
    const extender = { preemptVerb: 'preempt', nodeCacheCapable: true }
    await using it = await startScene(extender, (_verb, asked) => {
      const { b } = asked['NodeNameToMetaVictims'] as Members
      return { NodeNameToMetaVictims: { b } }
    })
    for (const [index, nodeName] of ['a', 'b'].entries())
      await it.place(`low-${index}`, {
        nodeName,
        terminationGracePeriodSeconds: 0,
        ...wants({ requests: { cpu: '3' } }),
      })
    await it.place('high', { priorityClassName: 'important', ...wants({ requests: { cpu: '3' } }) })
    for await (const event of it.client.watch(pods, { namespace: 'x', fieldSelector: 'metadata.name=high' }))
      if (event.type !== 'BOOKMARK' && event.object.spec.nodeName !== undefined) {
        assert.equal(event.object.spec.nodeName, 'b')
        break
      }
    const left = await it.client.list(pods, { namespace: 'x' })
    assert.deepEqual(left.items.map(({ metadata }) => metadata.name).toSorted(), ['high', 'low-0'])
  })

  const failures: [string, object, Answer, RegExp][] = [
    ['answers an error', {}, () => undefined, /^failed filter with extender at URL .*\/x\/filter, code 500$/],
    ['says that it failed', {}, () => ({ Error: 'no idea' }), /^no idea$/],
    [
      'names a node that there is not',
      { nodeCacheCapable: true },
      () => ({ NodeNames: ['z'] }),
      /claims a filtered node "z"/,
    ],
    [
      'never answers',
      { httpTimeout: '50ms' },
      (_verb, _asked, signal) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
      /^Post ".*": context deadline exceeded$/,
    ],
    ['answers nonsense', {}, () => [], /^extender http:.*expected an object/],
  ]
  for (const [what, more, answer, message] of failures) {
    test(`tells the pod when it ${what}`, async () => {
      await using it = await startScene({ filterVerb: 'filter', ...more }, answer)
      assert.match((await it.place('one')).message ?? '', message)
      const { items } = await it.client.list(events, { namespace: 'x' })
      assert.ok(items.every(({ reason }) => reason === 'FailedScheduling'))
    })
    test(`goes on without it when it ${what} and may be done without`, async () => {
      await using it = await startScene({ filterVerb: 'filter', ignorable: true, ...more }, answer)
      const { node } = await it.place('one')
      assert.notEqual(node, undefined)
    })
  }
})
