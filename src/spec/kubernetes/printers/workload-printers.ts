/** Rows of workloads and what belongs to them (apps, batch, autoscaling, policy; v1.36). */
import {
  ageOf,
  at,
  type Cell,
  columns,
  condition,
  containersOf,
  count,
  humanSpan,
  type Json,
  labels,
  list,
  nameOf,
  type Printer,
  secondsOf,
  selector,
  text,
} from './cells.ts'

function jobStatus(job: Json): string {
  const holds = (type: string): boolean => condition(job, type)?.['status'] === 'True'
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (at(job, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running'
}

function jobCompletions(job: Json): string {
  const done = count(at(job, 'status', 'succeeded'))
  const wanted = at(job, 'spec', 'completions')
  if (typeof wanted === 'number') return `${done}/${wanted}`
  const parallelism = count(at(job, 'spec', 'parallelism'))
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`
}

function jobDuration(job: Json, now: number): string {
  const start = secondsOf(at(job, 'status', 'startTime'))
  return start === undefined ? '' : humanSpan((secondsOf(at(job, 'status', 'completionTime')) ?? now) - start)
}

function suspended(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : '<unset>'
}

/** Selector of a deployment: nothing, not `<none>`, where it is empty. */
function deploymentSelector(value: unknown): string {
  const shown = selector(value)
  return shown === '<none>' ? '' : shown === '<error>' ? '<invalid>' : shown
}

type MetricReader = (spec: Json, status: Json | undefined) => string
const shown = (value: unknown): string => text(value, '<unknown>')

const plainMetric =
  (member: string): MetricReader =>
  (spec, status) => {
    const target = at(spec, member, 'target') as Json | undefined
    const current = at(status, member, 'current') as Json | undefined
    if (target?.['averageValue'] !== undefined)
      return `${shown(current?.['averageValue'])}/${text(target['averageValue'])} (avg)`
    return `${shown(current?.['value'])}/${text(target?.['value'])}`
  }

const resourceMetric =
  (member: string): MetricReader =>
  (spec, status) => {
    const name = text(at(spec, member, 'name'))
    const target = at(spec, member, 'target') as Json | undefined
    const current = at(status, member, 'current') as Json | undefined
    if (target?.['averageValue'] !== undefined)
      return `${name}: ${shown(current?.['averageValue'])}/${text(target['averageValue'])}`
    const used = typeof current?.['averageUtilization'] === 'number' ? `${current['averageUtilization']}%` : '<unknown>'
    const wanted = typeof target?.['averageUtilization'] === 'number' ? `${target['averageUtilization']}%` : '<auto>'
    return `${name}: ${used}/${wanted}`
  }

const metrics: Readonly<Record<string, MetricReader>> = {
  External: plainMetric('external'),
  Object: plainMetric('object'),
  Pods: (spec, status) =>
    `${shown(at(status, 'pods', 'current', 'averageValue'))}/${text(at(spec, 'pods', 'target', 'averageValue'))}`,
  Resource: resourceMetric('resource'),
  ContainerResource: resourceMetric('containerResource'),
}

function autoscalerTargets(hpa: Json): string {
  const specs = hpaMetrics(hpa)
  if (specs.length === 0) return '<none>'
  const statuses = list(at(hpa, 'status', 'currentMetrics'))
  const words = specs.map((spec, i) => metrics[text(spec['type'])]?.(spec, statuses[i]) ?? '<unknown type>')
  const first = words.slice(0, 2).join(', ')
  return words.length > 2 ? `${first} + ${words.length - 2} more...` : first
}

/** v1 has one utilisation target in place of the list. */
function hpaMetrics(hpa: Json): readonly Json[] {
  const utilization = at(hpa, 'spec', 'targetCPUUtilizationPercentage')
  if (typeof utilization !== 'number') return list(at(hpa, 'spec', 'metrics'))
  return [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: utilization } } },
  ]
}

function controllerOf(object: Json): string {
  const owner = list(at(object, 'metadata', 'ownerReferences')).find((reference) => reference['controller'] === true)
  if (owner === undefined) return '<none>'
  const [group = ''] = text(owner['apiVersion']).includes('/') ? text(owner['apiVersion']).split('/') : []
  return `${text(owner['kind']).toLowerCase()}${group === '' ? '' : `.${group}`}/${text(owner['name'])}`
}

const replicaCells = (object: Json, now: number, shownSelector: string): readonly Cell[] => [
  nameOf(object),
  count(at(object, 'spec', 'replicas')),
  count(at(object, 'status', 'replicas')),
  count(at(object, 'status', 'readyReplicas')),
  ageOf(object, now),
  ...containersOf(at(object, 'spec', 'template')),
  shownSelector,
]
const ready = (object: Json): string =>
  `${count(at(object, 'status', 'readyReplicas'))}/${count(at(object, 'spec', 'replicas'))}`
const replicaColumns = columns('Name!|Desired#|Current#|Ready#|Age|Containers*|Images*|Selector*')

export const workloadPrinters: Readonly<Record<string, Printer>> = {
  '/PodTemplate': {
    columns: columns('Name!|Containers|Images|Pod Labels'),
    cells: (o) => [nameOf(o), ...containersOf(o['template']), labels(at(o, 'template', 'metadata', 'labels'))],
  },
  '/ReplicationController': {
    columns: replicaColumns,
    cells: (o, now) => replicaCells(o, now, labels(at(o, 'spec', 'selector'))),
  },
  'apps/ReplicaSet': {
    columns: replicaColumns,
    cells: (o, now) => replicaCells(o, now, selector(at(o, 'spec', 'selector'))),
  },
  'apps/DaemonSet': {
    columns: columns(
      'Name!|Desired#|Current#|Ready#|Up-to-date#|Available#|Node Selector|Age|Containers*|Images*|Selector*',
    ),
    cells: (o, now) => [
      nameOf(o),
      ...[
        'desiredNumberScheduled',
        'currentNumberScheduled',
        'numberReady',
        'updatedNumberScheduled',
        'numberAvailable',
      ].map((key) => count(at(o, 'status', key))),
      labels(at(o, 'spec', 'template', 'spec', 'nodeSelector')),
      ageOf(o, now),
      ...containersOf(at(o, 'spec', 'template')),
      selector(at(o, 'spec', 'selector')),
    ],
  },
  'apps/Deployment': {
    columns: columns('Name!|Ready|Up-to-date|Available|Age|Containers*|Images*|Selector*'),
    cells: (o, now) => [
      nameOf(o),
      ready(o),
      count(at(o, 'status', 'updatedReplicas')),
      count(at(o, 'status', 'availableReplicas')),
      ageOf(o, now),
      ...containersOf(at(o, 'spec', 'template')),
      deploymentSelector(at(o, 'spec', 'selector')),
    ],
  },
  'apps/StatefulSet': {
    columns: columns('Name!|Ready|Age|Containers*|Images*'),
    cells: (o, now) => [nameOf(o), ready(o), ageOf(o, now), ...containersOf(at(o, 'spec', 'template'))],
  },
  'apps/ControllerRevision': {
    columns: columns('Name!|Controller|Revision|Age'),
    cells: (o, now) => [nameOf(o), controllerOf(o), count(o['revision']), ageOf(o, now)],
  },
  'batch/Job': {
    columns: columns('Name!|Status|Completions|Duration|Age|Containers*|Images*|Selector*'),
    cells: (o, now) => [
      nameOf(o),
      jobStatus(o),
      jobCompletions(o),
      jobDuration(o, now),
      ageOf(o, now),
      ...containersOf(at(o, 'spec', 'template')),
      selector(at(o, 'spec', 'selector')),
    ],
  },
  'batch/CronJob': {
    columns: columns('Name!|Schedule|Timezone|Suspend?|Active#|Last Schedule|Age|Containers*|Images*|Selector*'),
    cells: (o, now) => {
      const last = secondsOf(at(o, 'status', 'lastScheduleTime'))
      return [
        nameOf(o),
        text(at(o, 'spec', 'schedule')),
        text(at(o, 'spec', 'timeZone'), '<none>'),
        suspended(at(o, 'spec', 'suspend')),
        list(at(o, 'status', 'active')).length,
        last === undefined ? '<none>' : humanSpan(now - last),
        ageOf(o, now),
        ...containersOf(at(o, 'spec', 'jobTemplate', 'spec', 'template')),
        selector(at(o, 'spec', 'jobTemplate', 'spec', 'selector')),
      ]
    },
  },
  'autoscaling/HorizontalPodAutoscaler': {
    columns: columns('Name!|Reference|Targets|MinPods|MaxPods|Replicas|Age'),
    cells: (o, now) => [
      nameOf(o),
      `${text(at(o, 'spec', 'scaleTargetRef', 'kind'))}/${text(at(o, 'spec', 'scaleTargetRef', 'name'))}`,
      autoscalerTargets(o),
      text(at(o, 'spec', 'minReplicas'), '<unset>'),
      count(at(o, 'spec', 'maxReplicas')),
      count(at(o, 'status', 'currentReplicas')),
      ageOf(o, now),
    ],
  },
  'autoscaling/Scale': {
    columns: columns('Name|Desired#|Available#|Age'),
    cells: (o, now) => [nameOf(o), count(at(o, 'spec', 'replicas')), count(at(o, 'status', 'replicas')), ageOf(o, now)],
  },
  'policy/PodDisruptionBudget': {
    columns: columns('Name!|Min Available|Max Unavailable|Allowed Disruptions#|Age'),
    cells: (o, now) => [
      nameOf(o),
      text(at(o, 'spec', 'minAvailable'), 'N/A'),
      text(at(o, 'spec', 'maxUnavailable'), 'N/A'),
      count(at(o, 'status', 'disruptionsAllowed')),
      ageOf(o, now),
    ],
  },
}
