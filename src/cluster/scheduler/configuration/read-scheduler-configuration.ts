/**
 * KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1): profiles, their plugins and arguments, back-off. What only
 * concerns a scheduler in a process of its own (leader election, its connection, profiling) is read over.
 */
import { array, object } from '#base/schema/composites.ts'
import { integer, literal, optional, refine, string, unknown, withDefault } from '#base/schema/scalars.ts'
import type { OptionalSchema, Schema } from '#base/schema/schema.ts'
import { parseWith } from '#base/schema/validate.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseYaml } from '#kit/encoding/yaml.ts'
import { defaultPlugins, noWriters } from '../default-plugins.table.ts'
import type { WeighedPlugin } from '../schedule-pod.ts'
import { defaultSchedulerConfig, type SchedulerConfig, type SchedulerProfile } from '../scheduler-config.ts'
import { defaultQueueConfig } from '../scheduling-queue.ts'
import { defaultFitArgs } from '../plugins/node-resources-fit.ts'
import { atPoints } from './at-points.ts'
import { extender, extenderSettings, problemOfExtenders, resourcesIgnoredFor } from './extender-settings.ts'
import { defaultProfileArgs, type ProfileArgs, readPluginArgs } from './plugin-arguments.ts'
import { type ExtensionPoint, extensionPoints, type PluginSet, type PluginUse, usedPlugins } from './plugin-sets.ts'

/** Preemption and binding are parts of the scheduler here; profiles know them as plugins. */
const preemptionPlugin = 'DefaultPreemption'
const binderPlugin = 'DefaultBinder'
const named = object({ name: string({ lengthMin: 1 }), weight: optional(integer({ min: 0 })) })
const pluginSet: OptionalSchema<PluginSet> = optional(
  object({ enabled: optional(array(named)), disabled: optional(array(named)) }),
)
const points = Object.fromEntries(extensionPoints.map((point) => [point, pluginSet])) as Readonly<
  Record<ExtensionPoint, typeof pluginSet>
>
const percentage = optional(integer({ min: 0, max: 100 }))

const profile = object({
  schedulerName: optional(string({ lengthMin: 1 })),
  percentageOfNodesToScore: percentage,
  plugins: optional(object({ ...points, multiPoint: pluginSet })),
  pluginConfig: withDefault(array(object({ name: string({ lengthMin: 1 }), args: optional(unknown()) })), []),
})

const configuration = refine(
  object({
    apiVersion: literal('kubescheduler.config.k8s.io/v1'),
    kind: literal('KubeSchedulerConfiguration'),
    profiles: withDefault(array(profile), []),
    percentageOfNodesToScore: percentage,
    podInitialBackoffSeconds: withDefault(integer({ min: 1 }), defaultQueueConfig.backoffFirstMs / 1000),
    podMaxBackoffSeconds: withDefault(integer({ min: 1 }), defaultQueueConfig.backoffMostMs / 1000),
    extenders: withDefault(array(extender), []),
    ...{ parallelism: optional(integer({ min: 1 })), delayCacheUntilActive: optional(unknown()) },
    ...{ leaderElection: optional(unknown()), clientConnection: optional(unknown()) },
    ...{ enableProfiling: optional(unknown()), enableContentionProfiling: optional(unknown()) },
  }),
  ({ podInitialBackoffSeconds: first, podMaxBackoffSeconds: most }) =>
    most < first ? 'podMaxBackoffSeconds must be greater than or equal to podInitialBackoffSeconds' : undefined,
)

type Profile = Parameters<typeof readProfile>[0]

/**
 * Reads a configuration: YAML or JSON text, or the document itself.
 * @throws GantryError SCHEMA_INVALID, ENCODING_YAML, SCHEDULER_CONFIGURATION.
 */
export function readSchedulerConfiguration(source: unknown): SchedulerConfig {
  const document = typeof source === 'string' ? parseYaml(source).value : source
  const found = parseWith(configuration, document, 'invalid scheduler configuration')
  const given: readonly Profile[] = found.profiles.length === 0 ? [{ pluginConfig: [] }] : found.profiles
  const profiles = given.map((one, index) =>
    readProfile(one, {
      at: `profiles[${index}]`,
      name: one.schedulerName ?? (given.length === 1 ? 'default-scheduler' : undefined),
      percentage: one.percentageOfNodesToScore ?? found.percentageOfNodesToScore ?? 0,
      ignoredResources: resourcesIgnoredFor(found.extenders),
    }),
  )
  for (const [index, { schedulerName }] of profiles.entries())
    if (profiles.findIndex((one) => one.schedulerName === schedulerName) !== index)
      throw wrong(`profiles[${index}].schedulerName: Duplicate value: "${schedulerName}"`)
  const queue = {
    ...defaultQueueConfig,
    backoffFirstMs: found.podInitialBackoffSeconds * 1000,
    backoffMostMs: found.podMaxBackoffSeconds * 1000,
  }
  const problem = problemOfExtenders(found.extenders)
  if (problem !== undefined) throw wrong(problem)
  return { ...defaultSchedulerConfig, profiles, queue, extenders: extenderSettings(found.extenders) }
}

interface Place {
  readonly at: string
  readonly name: string | undefined
  readonly percentage: number
  /** Resources that only extenders look after. */
  readonly ignoredResources: readonly string[]
}

function readProfile(
  { plugins = {}, pluginConfig }: typeof profile extends Schema<infer T> ? T : never,
  { at, name, percentage: percentageOfNodesToScore, ignoredResources }: Place,
): SchedulerProfile {
  if (name === undefined) throw wrong(`${at}.schedulerName: Required value`)
  const args = withIgnored(readAllArgs(pluginConfig, at), ignoredResources)
  const defaults = defaultPlugins(noWriters).map(({ plugin, weight }) => ({ name: plugin.name, weight }))
  const used = usedPlugins(plugins, [...defaults, { name: preemptionPlugin }, { name: binderPlugin }])
  checkUse(used, new Set([...defaults.map((one) => one.name), preemptionPlugin, binderPlugin]), name)
  const preempts = used.some((use) => use.name === preemptionPlugin && use.points.has('postFilter'))
  return {
    schedulerName: name,
    percentageOfNodesToScore,
    plugins: (writers) => pluginsOf(used, defaultPlugins(writers, args.plugins)),
    preemption: preempts ? args.preemption : undefined,
  }
}

function readAllArgs(
  pluginConfig: readonly { readonly name: string; readonly args?: unknown }[],
  at: string,
): ProfileArgs {
  const seen = new Set<string>()
  let args = defaultProfileArgs
  for (const [index, { name, args: document }] of pluginConfig.entries()) {
    const what = `invalid scheduler configuration: ${at}.pluginConfig[${index}]`
    if (seen.has(name)) throw wrong(`${at}.pluginConfig[${index}]: Duplicate value: "${name}"`)
    seen.add(name)
    args = readPluginArgs(args, { name, document, what: `${what}.args` })
  }
  return args
}

/** What extenders alone look after takes the place of what the profile's own arguments say is ignored. */
function withIgnored(args: ProfileArgs, ignoredResources: readonly string[]): ProfileArgs {
  if (ignoredResources.length === 0) return args
  const { fit = defaultFitArgs } = args.plugins
  return { ...args, plugins: { ...args.plugins, fit: { ...fit, ignoredResources } } }
}

/** What a scheduler cannot do without. */
function checkUse(used: readonly PluginUse[], known: ReadonlySet<string>, schedulerName: string): void {
  const stranger = used.find(({ name }) => !known.has(name))
  if (stranger !== undefined) throw wrong(`plugin "${stranger.name}" does not exist`)
  const at = (point: ExtensionPoint, name: string): boolean =>
    used.some((use) => use.name === name && use.points.has(point))
  const of = `is needed for profile with scheduler name "${schedulerName}"`
  if (!at('queueSort', 'PrioritySort')) throw wrong(`at least one queue sort plugin ${of}`)
  if (!at('bind', binderPlugin)) throw wrong(`at least one bind plugin ${of}`)
}

function pluginsOf(used: readonly PluginUse[], all: readonly WeighedPlugin[]): WeighedPlugin[] {
  return used.flatMap(({ name, points: active, weight }) => {
    const found = all.find(({ plugin }) => plugin.name === name)
    if (found === undefined) return []
    const scores = found.plugin.preScore !== undefined && active.has('score')
    return [{ plugin: atPoints(found.plugin, active), weight: scores ? weight : 0 }]
  })
}

function wrong(message: string): GantryError {
  return new GantryError('SCHEDULER_CONFIGURATION', 'invalid', `invalid scheduler configuration: ${message}`, {
    remedy: 'See kubescheduler.config.k8s.io/v1 for what a configuration may say.',
  })
}
