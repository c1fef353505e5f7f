import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultPreemptionArgs } from '../preempt.ts'
import type { SchedulerConfig, SchedulerProfile } from '../scheduler-config.ts'
import { readSchedulerConfiguration } from './read-scheduler-configuration.ts'

const head = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' }
const writers = {
  volumes: { carryOut: () => Promise.resolve() },
  claims: { reserve: () => Promise.resolve() },
}
const read = (more: object = {}): SchedulerConfig => readSchedulerConfiguration({ ...head, ...more })
const only = (profile: object): SchedulerProfile => {
  const [one] = read({ profiles: [profile] }).profiles
  assert.ok(one !== undefined)
  return one
}
/** Weights of the plugins that score. */
const weightsOf = (profile: SchedulerProfile): Record<string, number> =>
  Object.fromEntries(
    profile
      .plugins(writers)
      .filter(({ weight }) => weight > 0)
      .map(({ plugin, weight }) => [plugin.name, weight]),
  )
const hooksOf = (profile: SchedulerProfile, name: string): string[] =>
  profile
    .plugins(writers)
    .filter(({ plugin }) => plugin.name === name)
    .flatMap(({ plugin }) => Object.keys(plugin).filter((key) => !['name', 'hints'].includes(key)))

const defaultWeights = {
  TaintToleration: 3,
  NodeAffinity: 2,
  NodeResourcesFit: 1,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
  NodeResourcesBalancedAllocation: 1,
  ImageLocality: 1,
}

describe('a scheduler configuration', () => {
  test('that says nothing is the default one', () => {
    const { profiles, queue } = readSchedulerConfiguration(
      `apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nleaderElection: { leaderElect: false }\n`,
    )
    assert.deepEqual(
      profiles.map((one) => [one.schedulerName, one.percentageOfNodesToScore, one.preemption, weightsOf(one)]),
      [['default-scheduler', 0, defaultPreemptionArgs, defaultWeights]],
    )
    assert.deepEqual([queue.backoffFirstMs, queue.backoffMostMs], [1000, 10_000])
  })

  test('sets back-off and the share of nodes, of all profiles and of one', () => {
    const { profiles, queue } = read({
      percentageOfNodesToScore: 30,
      podInitialBackoffSeconds: 2,
      podMaxBackoffSeconds: 4,
      profiles: [{ schedulerName: 'a' }, { schedulerName: 'b', percentageOfNodesToScore: 70 }],
    })
    assert.deepEqual([queue.backoffFirstMs, queue.backoffMostMs], [2000, 4000])
    assert.deepEqual(
      profiles.map((one) => one.percentageOfNodesToScore),
      [30, 70],
    )
  })

  test('switches plugins off and weighs them, at all points or at one', () => {
    const profile = only({
      plugins: {
        multiPoint: { enabled: [{ name: 'NodeAffinity', weight: 7 }], disabled: [{ name: 'ImageLocality' }] },
        score: {
          enabled: [{ name: 'InterPodAffinity', weight: 5 }],
          disabled: [{ name: 'TaintToleration' }, { name: 'InterPodAffinity' }],
        },
        filter: { disabled: [{ name: 'NodeResourcesFit' }] },
      },
    })
    const { TaintToleration: _, ImageLocality: __, ...kept } = defaultWeights
    assert.deepEqual(weightsOf(profile), { ...kept, NodeAffinity: 7, InterPodAffinity: 5 })
    assert.deepEqual(hooksOf(profile, 'ImageLocality'), [])
    assert.deepEqual(hooksOf(profile, 'TaintToleration'), ['preFilter'])
    assert.deepEqual(hooksOf(profile, 'NodeName'), ['preFilter'])
  })

  test('names all that scores when it disables the rest', () => {
    const score = { disabled: [{ name: '*' }], enabled: [{ name: 'NodeResourcesFit', weight: 1 }] }
    assert.deepEqual(weightsOf(only({ plugins: { score } })), { NodeResourcesFit: 1 })
  })

  test('switches preemption off, or sets how far it looks', () => {
    const off = { postFilter: { disabled: [{ name: 'DefaultPreemption' }] } }
    assert.equal(only({ plugins: off }).preemption, undefined)
    const args = { minCandidateNodesPercentage: 20, minCandidateNodesAbsolute: 0 }
    const profile = only({ pluginConfig: [{ name: 'DefaultPreemption', args }] })
    assert.deepEqual(profile.preemption, { leastPercent: 20, leastNodes: 0 })
  })

  test('names extenders, those last that may be done without', () => {
    const { extenders } = read({
      extenders: [
        { urlPrefix: 'http://127.0.0.1/a', ignorable: true, filterVerb: 'filter' },
        {
          urlPrefix: 'https://127.0.0.1/b',
          prioritizeVerb: 'prioritize',
          weight: 3,
          enableHTTPS: true,
          httpTimeout: '100ms',
          nodeCacheCapable: true,
          tlsConfig: { serverName: 'extender', certFile: '/c', caData: 'UEVN', caFile: '/ca' },
        },
        { urlPrefix: 'https://127.0.0.1/c', enableHTTPS: true },
      ],
    })
    const some = { filterVerb: '', prioritizeVerb: '', preemptVerb: '', bindVerb: '', weight: 0, timeoutMs: 5000 }
    const usual = { ...some, knowsNodes: false, managedResources: [], isIgnorable: false, tls: {}, tlsFiles: {} }
    assert.deepEqual(extenders, [
      {
        ...usual,
        urlPrefix: 'https://127.0.0.1/b',
        prioritizeVerb: 'prioritize',
        weight: 3,
        timeoutMs: 100,
        knowsNodes: true,
        tls: { serverName: 'extender', authorities: 'PEM' },
        tlsFiles: { certificate: '/c' },
      },
      { ...usual, urlPrefix: 'https://127.0.0.1/c', tls: { insecure: true } },
      { ...usual, urlPrefix: 'http://127.0.0.1/a', filterVerb: 'filter', isIgnorable: true },
    ])
  })

  const refused: [string, object, RegExp][] = [
    ['a member that there is not', { profils: [] }, /profils/],
    ['another version', { apiVersion: 'kubescheduler.config.k8s.io/v1beta3' }, /apiVersion/],
    [
      'two profiles of one name',
      { profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
      /Duplicate value: "a"/,
    ],
    [
      'two profiles of which one has no name',
      { profiles: [{ schedulerName: 'a' }, {}] },
      /profiles\[1\].schedulerName/,
    ],
    ['a share above 100', { percentageOfNodesToScore: 101 }, /from 0 to 100/],
    ['a longest back-off below the first', { podInitialBackoffSeconds: 20 }, /podMaxBackoffSeconds/],
    [
      'an extender that scores for nothing',
      { extenders: [{ urlPrefix: 'http://127.0.0.1', prioritizeVerb: 'p' }] },
      /extenders\[0\].weight: Invalid value: 0: must have a positive weight applied to it/,
    ],
    [
      'two extenders that bind',
      {
        extenders: [
          { urlPrefix: 'http://127.0.0.1/a', bindVerb: 'b' },
          { urlPrefix: 'http://127.0.0.1/b', bindVerb: 'b' },
        ],
      },
      /Invalid value: "found 2 extenders implementing bind": only one extender can implement bind/,
    ],
    [
      'a resource that two extenders look after',
      {
        extenders: [
          { urlPrefix: 'http://127.0.0.1/a', managedResources: [{ name: 'example.com/a' }] },
          { urlPrefix: 'http://127.0.0.1/b', managedResources: [{ name: 'example.com/a' }] },
        ],
      },
      /extenders\[1\].managedResources\[0\].name: Invalid value: "example.com\/a": duplicate extender managed resource/,
    ],
    [
      'an extender that looks after CPU',
      { extenders: [{ urlPrefix: 'http://127.0.0.1', managedResources: [{ name: 'cpu' }] }] },
      /Invalid value: "cpu": is an invalid extended resource name/,
    ],
    ['an extender that is nowhere', { extenders: [{ filterVerb: 'f' }] }, /urlPrefix/],
    ['an extender behind another scheme', { extenders: [{ urlPrefix: 'ftp://127.0.0.1' }] }, /urlPrefix/],
    [
      'a plugin that there is not',
      { profiles: [{ plugins: { score: { enabled: [{ name: 'Guess' }] } } }] },
      /plugin "Guess" does not exist/,
    ],
    [
      'a profile that orders no queue',
      { profiles: [{ plugins: { queueSort: { disabled: [{ name: '*' }] } } }] },
      /at least one queue sort plugin is needed/,
    ],
    [
      'a profile that binds nothing',
      { profiles: [{ plugins: { bind: { disabled: [{ name: '*' }] } } }] },
      /at least one bind plugin is needed/,
    ],
    [
      'a line that falls back',
      {
        profiles: [
          {
            pluginConfig: [
              {
                name: 'NodeResourcesFit',
                args: {
                  scoringStrategy: {
                    type: 'RequestedToCapacityRatio',
                    requestedToCapacityRatio: {
                      shape: [
                        { utilization: 50, score: 0 },
                        { utilization: 50, score: 10 },
                      ],
                    },
                  },
                },
              },
            ],
          },
        ],
      },
      /increasing order/,
    ],
    [
      'arguments twice',
      { profiles: [{ pluginConfig: [{ name: 'NodeAffinity' }, { name: 'NodeAffinity' }] }] },
      /pluginConfig\[1\]: Duplicate value/,
    ],
    [
      'arguments of another kind',
      { profiles: [{ pluginConfig: [{ name: 'NodeAffinity', args: { kind: 'NodeResourcesFitArgs' } }] }] },
      /pluginConfig\[0\].args: kind/,
    ],
    [
      'constraints beside the defaults of the cluster',
      {
        profiles: [
          {
            pluginConfig: [
              {
                name: 'PodTopologySpread',
                args: {
                  defaultConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
                },
              },
            ],
          },
        ],
      },
      /defaultingType List/,
    ],
  ]
  for (const [what, more, message] of refused)
    test(`is refused with ${what}`, () => assert.throws(() => read(more), message))
})
