/** The priority levels and flow schemas that every cluster starts with (v1.36). */

const queue = (queues: number, handSize: number): object => ({
  type: 'Queue',
  queuing: { queues, handSize, queueLengthLimit: 50 },
})

/** Levels and schemas that every server needs and nobody may change. */
export const mandatory: readonly string[] = ['exempt', 'catch-all']

/** By name: specification of each priority level. */
export const priorityLevels: Readonly<Record<string, object>> = {
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'catch-all': {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
  },
  ...Object.fromEntries(
    (
      [
        ['system', 30, 33, 64, 6],
        ['node-high', 40, 25, 64, 6],
        ['leader-election', 10, 0, 16, 4],
        ['workload-high', 40, 50, 128, 6],
        ['workload-low', 100, 90, 128, 6],
        ['global-default', 20, 50, 128, 6],
      ] as const
    ).map(([name, nominalConcurrencyShares, lendablePercent, queues, handSize]) => [
      name,
      {
        type: 'Limited',
        limited: { nominalConcurrencyShares, limitResponse: queue(queues, handSize), lendablePercent },
      },
    ]),
  ),
}

const group = (name: string): object => ({ kind: 'Group', group: { name } })
const user = (name: string): object => ({ kind: 'User', user: { name } })
const systemAccounts = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } }
const everything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }]
const everyPath = [{ verbs: ['*'], nonResourceURLs: ['*'] }]
const whole = { resourceRules: everything, nonResourceRules: everyPath }
const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] }
const anybody = [group('system:unauthenticated'), group('system:authenticated')]

interface SchemaRow {
  readonly name: string
  readonly precedence: number
  readonly level: string
  readonly distinguisher?: 'ByUser' | 'ByNamespace'
  readonly rules: object
}

const rows: readonly SchemaRow[] = [
  { name: 'exempt', precedence: 1, level: 'exempt', rules: { subjects: [group('system:masters')], ...whole } },
  {
    name: 'probes',
    precedence: 2,
    level: 'exempt',
    rules: {
      subjects: anybody,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    },
  },
  {
    name: 'system-leader-election',
    precedence: 100,
    level: 'leader-election',
    distinguisher: 'ByUser',
    rules: {
      subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), systemAccounts],
      resourceRules: [{ verbs: ['get', 'create', 'update'], ...leases }],
    },
  },
  {
    name: 'system-node-high',
    precedence: 400,
    level: 'node-high',
    distinguisher: 'ByUser',
    rules: {
      subjects: [group('system:nodes')],
      resourceRules: [
        { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
        { verbs: ['*'], ...leases },
      ],
    },
  },
  {
    name: 'system-nodes',
    precedence: 500,
    level: 'system',
    distinguisher: 'ByUser',
    rules: { subjects: [group('system:nodes')], ...whole },
  },
  {
    name: 'kube-controller-manager',
    precedence: 800,
    level: 'workload-high',
    distinguisher: 'ByNamespace',
    rules: { subjects: [user('system:kube-controller-manager')], ...whole },
  },
  {
    name: 'kube-scheduler',
    precedence: 800,
    level: 'workload-high',
    distinguisher: 'ByNamespace',
    rules: { subjects: [user('system:kube-scheduler')], ...whole },
  },
  {
    name: 'kube-system-service-accounts',
    precedence: 900,
    level: 'workload-high',
    distinguisher: 'ByNamespace',
    rules: { subjects: [systemAccounts], ...whole },
  },
  {
    name: 'service-accounts',
    precedence: 9000,
    level: 'workload-low',
    distinguisher: 'ByUser',
    rules: { subjects: [group('system:serviceaccounts')], ...whole },
  },
  {
    name: 'global-default',
    precedence: 9900,
    level: 'global-default',
    distinguisher: 'ByUser',
    rules: { subjects: anybody, ...whole },
  },
  {
    name: 'catch-all',
    precedence: 10_000,
    level: 'catch-all',
    distinguisher: 'ByUser',
    rules: { subjects: anybody, ...whole },
  },
]

/** By name: specification of each flow schema. */
export const flowSchemas: Readonly<Record<string, object>> = Object.fromEntries(
  rows.map(({ name, precedence, level, distinguisher, rules }) => [
    name,
    {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence: precedence,
      ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [rules],
    },
  ]),
)
