/**
 * Which plugins of a profile act at which extension points, and with what weight: the sets of a KubeSchedulerProfile laid
 * over the default ones (kubescheduler.config.k8s.io/v1, v1.36). Pure.
 */

export const extensionPoints = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const

export type ExtensionPoint = (typeof extensionPoints)[number]

export interface NamedPlugin {
  readonly name: string
  readonly weight?: number
}

export interface PluginSet {
  readonly enabled?: readonly NamedPlugin[]
  readonly disabled?: readonly NamedPlugin[]
}

export type PluginSets = { readonly [point in ExtensionPoint | 'multiPoint']?: PluginSet }

/** One plugin of a profile. */
export interface PluginUse {
  readonly name: string
  readonly points: ReadonlySet<ExtensionPoint>
  /** Factor of its scores, where it gives any. */
  readonly weight: number
}

/** The plugins of a profile, in their order: those of all points first, then those added to single ones. */
export function usedPlugins(sets: PluginSets, defaults: readonly NamedPlugin[]): PluginUse[] {
  const everywhere = overDefaults(sets.multiPoint ?? {}, defaults)
  const weights = new Map([...everywhere, ...(sets.score?.enabled ?? [])].map(({ name, weight }) => [name, weight]))
  const points = new Map(everywhere.map(({ name }) => [name, new Set<ExtensionPoint>()]))
  for (const point of extensionPoints)
    for (const { name } of atPoint(sets[point] ?? {}, everywhere))
      points.set(name, (points.get(name) ?? new Set()).add(point))
  // No weight and 0 alike mean 1: a plugin that shall not score is disabled.
  return Array.from(points, ([name, at]) => ({ name, points: at, weight: weights.get(name) || 1 }))
}

/** Who acts at one point: those of all points but the disabled ones, and who is enabled just there. */
function atPoint({ enabled = [], disabled = [] }: PluginSet, everywhere: readonly NamedPlugin[]): NamedPlugin[] {
  const off = new Set(disabled.map(({ name }) => name))
  return off.has('*') ? [...enabled] : [...everywhere.filter(({ name }) => !off.has(name)), ...enabled]
}

/** Default plugins keep their place, also those that the profile names anew; what else it enables follows. */
function overDefaults({ enabled = [], disabled = [] }: PluginSet, defaults: readonly NamedPlugin[]): NamedPlugin[] {
  const off = new Set(disabled.map(({ name }) => name))
  const kept = off.has('*') ? [] : defaults.filter(({ name }) => !off.has(name))
  const keptNames = new Set(kept.map(({ name }) => name))
  return [
    ...kept.map((plugin) => enabled.find(({ name }) => name === plugin.name) ?? plugin),
    ...enabled.filter(({ name }) => !keptNames.has(name)),
  ]
}
