/** Jobs and cron jobs (batch/validation, v1.36). */
import type { CronJob, CronJobSpec, Job, JobSpec } from '../../objects/batch-v1.generated.ts'
import type { PodTemplateSpec } from '../../objects/core-v1.generated.ts'
import { byteLength, immutableText, nonNegative, requiredOneOf } from '../checks.ts'
import { invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import { path, type Path } from '../field-path.ts'
import { dnsLabel, dnsSubdomain } from '../formats.ts'
import { internal } from '../internal-value.ts'
import { kindRules, type AnyKindRules } from '../kind-rules.ts'
import { selectorMatches, validateLabelSelector } from '../labels.ts'
import { selectorMismatch } from '../pods/pod-template.ts'
import { sameValue } from '../same-value.ts'
import { isTimeZone, scheduleProblem } from './cron-schedule.ts'
import { validateJobSpec } from './job-spec.ts'
import { validateJobStatus } from './job-status.ts'

const specPath = path('spec')
const templatePath = specPath.child('template')
const emptySpec = {} as JobSpec

function wholeSpec(spec: JobSpec): FieldError[] {
  const { selector, template } = spec
  const selectorAt = specPath.child('selector')
  return [
    ...validateJobSpec(specPath, spec),
    ...(selector === undefined ? [required(selectorAt)] : validateLabelSelector(selectorAt, selector)),
    ...selectorMismatch(templatePath, template, selectorMatches(selector, template?.metadata?.labels)),
  ]
}

type Labels = Readonly<Record<string, string>>

function labelErrors(at: Path, labels: Labels | undefined, wanted: Labels): FieldError[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const text = `must be '${value}'`
    if (labels?.[key] === undefined) return [required(at.key(key), text)]
    return labels[key] === value ? [] : [invalid(at.key(key), labels, text)]
  })
}

/** The labels that the server puts on pods of a job whose selector it generates. */
function generatedLabels({ metadata, spec }: Job): FieldError[] {
  if (spec?.manualSelector === true || spec?.selector === undefined) return []
  const uid = metadata.uid ?? ''
  const wanted = {
    'controller-uid': uid,
    'job-name': metadata.name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': metadata.name,
  }
  const errors = [
    ...(uid === '' ? [required(path('metadata', 'uid'))] : []),
    ...labelErrors(templatePath.child('metadata', 'labels'), spec.template?.metadata?.labels, wanted),
  ]
  if (selectorMatches(spec.selector, wanted) !== false) return errors
  return [...errors, invalid(specPath.child('selector'), spec.selector, '`selector` not auto-generated')]
}

function hostNames({ metadata, spec }: Job): FieldError[] {
  const completions = spec?.completions ?? 0
  if (spec?.completionMode !== 'Indexed' || completions <= 0) return []
  const last = `${metadata.name}-${completions - 1}`
  if (dnsLabel(last).length === 0) return []
  const text = `will not able to create pod with invalid DNS label: ${last}`
  return [invalid(path('metadata', 'name'), metadata.name, text)]
}

function completionsChange(spec: JobSpec, old: JobSpec): FieldError[] {
  const at = specPath.child('completions')
  if (spec.completions === old.completions) return []
  if (spec.completionMode !== 'Indexed') return [invalid(at, spec.completions ?? null, immutableText)]
  if (spec.completions === undefined || spec.completions === spec.parallelism) return []
  return [invalid(at, spec.completions, 'can only be modified in tandem with spec.parallelism')]
}

type Template = PodTemplateSpec | undefined

/** The template with what a suspended job may still change taken from the new one. */
function schedulingUndone(template: Template, old: Template): Template {
  if (template === undefined || old === undefined) return old
  const { affinity, nodeSelector, tolerations, schedulingGates } = template.spec ?? {}
  const merged: Record<string, unknown> = { ...old.spec, nodeSelector, tolerations, schedulingGates }
  const others: Record<string, unknown> = { ...old.spec?.affinity, nodeAffinity: affinity?.nodeAffinity }
  if (others['nodeAffinity'] === undefined) delete others['nodeAffinity']
  merged['affinity'] = Object.keys(others).length === 0 && affinity === undefined ? undefined : others
  const { labels, annotations } = template.metadata ?? {}
  return { ...old, metadata: { ...old.metadata, labels, annotations }, spec: merged } as unknown as Template
}

function resourcesUndone(template: Template, old: Template): Template {
  const taken = (member: 'containers' | 'initContainers'): readonly object[] | undefined =>
    old?.spec?.[member]?.map((container, index) => {
      const now = template?.spec?.[member]?.[index]
      return now?.name === container.name ? { ...container, resources: now.resources } : container
    })
  const spec = { ...old?.spec, containers: taken('containers'), initContainers: taken('initContainers') }
  return { ...old, spec } as unknown as Template
}

/** Suspended, and none of its pods is left. */
function isIdle({ spec, status }: Job): boolean {
  return spec?.suspend === true && (status?.active ?? 0) === 0
}

function templateChange(job: Job, old: Job): FieldError[] {
  const spec = job.spec ?? emptySpec
  const before = old.spec ?? emptySpec
  if (!isIdle(old)) {
    if (sameValue(spec.template, before.template)) return []
    return [invalid(templatePath, internal('core.PodTemplateSpec', spec.template), immutableText)]
  }
  const undone = resourcesUndone(spec.template, schedulingUndone(spec.template, before.template))
  if (sameValue(spec.template?.spec, undone?.spec)) return []
  return [invalid(path('spec', 'template.spec'), internal('core.PodSpec', spec.template?.spec), immutableText)]
}

const frozenMembers = [
  ['completionMode', undefined],
  ['podFailurePolicy', 'batch.PodFailurePolicy'],
  ['backoffLimitPerIndex', undefined],
  ['managedBy', undefined],
  ['successPolicy', 'batch.SuccessPolicy'],
] as const

function jobChange(job: Job, old: Job): FieldError[] {
  const spec = job.spec ?? emptySpec
  const before = old.spec ?? emptySpec
  const selectorAt = specPath.child('selector')
  return [
    ...generatedLabels(job),
    ...wholeSpec(spec),
    ...completionsChange(spec, before),
    ...(sameValue(spec.selector, before.selector) ? [] : [invalid(selectorAt, spec.selector ?? null, immutableText)]),
    ...templateChange(job, old),
    ...frozenMembers
      .filter(([member]) => !sameValue(spec[member], before[member]))
      .map(([member, type]) => {
        const value = type === undefined ? (spec[member] ?? null) : internal(type, spec[member])
        return invalid(specPath.child(member), value, immutableText)
      }),
  ]
}

/** The rules of jobs. */
export const jobRules: AnyKindRules = kindRules<Job>({
  name: dnsSubdomain,
  create: (job) => [...generatedLabels(job), ...wholeSpec(job.spec ?? emptySpec), ...hostNames(job)],
  update: ({ object, old }) => jobChange(object, old),
  status: ({ object, old }) => validateJobStatus(object, old),
})

function schedule(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const at = specPath.child('schedule')
  const text = spec.schedule ?? ''
  if (text === '') return [required(at)]
  const problem = scheduleProblem(text)
  const errors = problem === undefined ? [] : [invalid(at, text, problem)]
  const mayHaveZone = old?.schedule?.includes('TZ') === true
  if (!text.includes('TZ')) return errors
  if (!mayHaveZone) {
    errors.push(invalid(at, text, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  } else if (spec.timeZone !== undefined) {
    errors.push(invalid(at, text, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
  }
  return errors
}

function timeZone(name: string | undefined): FieldError[] {
  const at = specPath.child('timeZone')
  if (name === undefined) return []
  if (name === '') return [invalid(at, name, 'timeZone must be nil or non-empty string')]
  const isName = name.split('/').every((part) => /^(?!\.\.?$)(?!-)[A-Za-z.\-_0-9+]{1,14}$/.test(part))
  const unknown = invalid(at, name, `unknown time zone ${name}`)
  if (!isName) return [unknown]
  if (name.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    return [invalid(at, name, text), ...(name === 'Local' ? [] : [unknown])]
  }
  return isTimeZone(name) ? [] : [unknown]
}

function cronJob(spec: CronJobSpec, old?: CronJobSpec): FieldError[] {
  const jobAt = specPath.child('jobTemplate', 'spec')
  const job = spec.jobTemplate?.spec ?? emptySpec
  const isMoved = old === undefined || old.timeZone !== spec.timeZone
  const manual = job.manualSelector === true
  return [
    ...schedule(spec, old),
    ...nonNegative(specPath.child('startingDeadlineSeconds'), spec.startingDeadlineSeconds),
    ...(isMoved ? timeZone(spec.timeZone) : []),
    ...requiredOneOf(specPath.child('concurrencyPolicy'), spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...validateJobSpec(jobAt, job),
    ...(job.selector === undefined
      ? []
      : [invalid(jobAt.child('selector'), job.selector, '`selector` will be auto-generated')]),
    ...(manual ? [notSupported(jobAt.child('manualSelector'), true, ['nil', 'false'])] : []),
    ...nonNegative(specPath.child('successfulJobsHistoryLimit'), spec.successfulJobsHistoryLimit),
    ...nonNegative(specPath.child('failedJobsHistoryLimit'), spec.failedJobsHistoryLimit),
  ]
}

/** The rules of cron jobs; their names leave room for the minute that names of jobs end with. */
export const cronJobRules: AnyKindRules = kindRules<CronJob>({
  name: dnsSubdomain,
  create: ({ metadata, spec }) => {
    const isLong = byteLength(metadata.name ?? '') > 52
    const text = 'must be no more than 52 characters'
    const long = isLong ? [invalid(path('metadata', 'name'), metadata.name, text)] : []
    return [...cronJob(spec ?? ({} as CronJobSpec)), ...long]
  },
  update: ({ object, old }) => cronJob(object.spec ?? ({} as CronJobSpec), old.spec),
  status: () => [],
})
