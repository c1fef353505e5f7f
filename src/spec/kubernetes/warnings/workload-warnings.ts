/** Warnings about what makes pods (registry/apps, batch and core, v1.36). Changes of a template are told when they count. */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../objects/apps-v1.generated.ts'
import type { CronJob, Job, JobSpec } from '../objects/batch-v1.generated.ts'
import type { PodTemplate, ReplicationController } from '../objects/core-v1.generated.ts'
import { path, type Path } from '../validation/field-path.ts'
import { sameValue } from '../validation/same-value.ts'
import { hostNameWarnings, podTemplateWarnings } from './pod-warnings.ts'
import { claimWarnings } from './storage-warnings.ts'
import { type AnyWarningRules, isNewGeneration, warningRules } from './warning-rules.ts'

const templatePath = path('spec', 'template')
const podNames = 'Pod names and hostnames'

type Replicated = Deployment | ReplicaSet | ReplicationController

function templateOf(object: Replicated): readonly string[] {
  return podTemplateWarnings(templatePath, object.spec?.template)
}

const replicatedWarnings = warningRules<Replicated>({
  create: (object) => [...hostNameWarnings(object.metadata.name, podNames), ...templateOf(object)],
  update: (object, old) => (isNewGeneration(object, old) ? templateOf(object) : []),
})

/** Upstream hands the templates over in the wrong order: it is the old one that is looked at. */
const replicationControllerWarnings = warningRules<ReplicationController>({
  ...replicatedWarnings,
  update: (object, old) => (isNewGeneration(object, old) ? templateOf(old) : []),
})

const daemonSetWarnings = warningRules<DaemonSet>({
  create: ({ spec }) => podTemplateWarnings(templatePath, spec?.template),
  update: ({ spec }, old) =>
    sameValue(spec?.template, old.spec?.template) ? [] : podTemplateWarnings(templatePath, spec?.template),
})

/** @param member how the path of a claim's spec ends: with a capital letter in changes. */
function setWarnings({ spec }: StatefulSet, member: readonly string[]): readonly string[] {
  const at = path('spec', 'volumeClaimTemplates')
  const claims = (spec?.volumeClaimTemplates ?? []).flatMap((claim, index) =>
    claimWarnings(at.index(index).child(...member), claim.spec),
  )
  if ((spec?.revisionHistoryLimit ?? 0) >= 0) return claims
  const text = 'a negative value retains all historical revisions; a value >= 0 is recommended'
  return [...claims, `spec.revisionHistoryLimit: ${text}`]
}

const statefulSetWarnings = warningRules<StatefulSet>({
  create: (set) => [...podTemplateWarnings(templatePath, set.spec?.template), ...setWarnings(set, [])],
  update: (set, old) => [
    ...(isNewGeneration(set, old) ? podTemplateWarnings(templatePath, set.spec?.template) : []),
    ...setWarnings(set, ['Spec']),
  ],
})

const completionsLimit = 100_000
const parallelismLimit = 10_000
const indexesText =
  'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail'

function jobSpecWarnings(at: Path, spec: JobSpec | undefined): readonly string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = spec ?? {}
  const isHuge = completionMode === 'Indexed' && completions > completionsLimit && parallelism > parallelismLimit
  return [...(isHuge ? [`${at}: ${indexesText}`] : []), ...podTemplateWarnings(at.child('template'), template)]
}

const jobPath = path('spec')
const jobWarnings = warningRules<Job>({
  create: ({ metadata, spec }) => [...hostNameWarnings(metadata.name, podNames), ...jobSpecWarnings(jobPath, spec)],
  update: (job, old) => (isNewGeneration(job, old) ? jobSpecWarnings(jobPath, job.spec) : []),
})

const cronJobPath = path('spec', 'jobTemplate', 'spec')
const zoneText =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'

const cronJobWarnings = warningRules<CronJob>({
  create: ({ metadata, spec }) => [
    ...hostNameWarnings(metadata.name, podNames),
    ...jobSpecWarnings(cronJobPath, spec?.jobTemplate.spec),
  ],
  update: (job, old) => [
    ...(isNewGeneration(job, old) ? jobSpecWarnings(cronJobPath, job.spec?.jobTemplate.spec) : []),
    ...(job.spec?.schedule.includes('TZ') === true ? [zoneText] : []),
  ],
})

const podTemplatePath = path('template')
const podTemplateKindWarnings = warningRules<PodTemplate>({
  create: ({ template }) => podTemplateWarnings(podTemplatePath, template),
  update: (object, old) => (isNewGeneration(object, old) ? podTemplateWarnings(podTemplatePath, object.template) : []),
})

/** The rows of the kinds that make pods. */
export const workloadWarnings: Readonly<Record<string, AnyWarningRules>> = {
  '/PodTemplate': podTemplateKindWarnings,
  '/ReplicationController': replicationControllerWarnings,
  'apps/DaemonSet': daemonSetWarnings,
  'apps/Deployment': replicatedWarnings,
  'apps/ReplicaSet': replicatedWarnings,
  'apps/StatefulSet': statefulSetWarnings,
  'batch/CronJob': cronJobWarnings,
  'batch/Job': jobWarnings,
}
