/** A plugin that acts at some of its extension points only. */
import type { Plugin } from '../plugin.ts'
import { isRejection } from '../rejection.ts'
import type { ExtensionPoint } from './plugin-sets.ts'

type Hook = Exclude<keyof Plugin, 'name' | 'hints'>

/** What of a plugin belongs to a point. Filters and scores are made by what comes before them. */
const hooks: Readonly<Record<Hook, ExtensionPoint>> = {
  preEnqueue: 'preEnqueue',
  compare: 'queueSort',
  preFilter: 'filter',
  postFilter: 'postFilter',
  preScore: 'score',
  reserve: 'reserve',
  unreserve: 'reserve',
  permit: 'permit',
  prepares: 'preBind',
  preBind: 'preBind',
  bind: 'bind',
  postBind: 'postBind',
}

/** The plugin without what belongs to other points than these. */
export function atPoints(plugin: Plugin, points: ReadonlySet<ExtensionPoint>): Plugin {
  const kept: Record<string, unknown> = { ...plugin }
  for (const [hook, point] of Object.entries(hooks)) if (!points.has(point)) delete kept[hook]
  if (!points.has('filter') && points.has('preFilter')) kept['preFilter'] = withoutChecks(plugin)
  return kept as unknown as Plugin
}

/** What a plugin says about the pod as a whole, and nothing about single nodes. */
function withoutChecks({ preFilter }: Plugin): Plugin['preFilter'] {
  if (preFilter === undefined) return undefined
  return (pod, cycle) => {
    const result = preFilter(pod, cycle)
    if (result === undefined || isRejection(result)) return result
    return result.onlyNodes === undefined ? undefined : { onlyNodes: result.onlyNodes }
  }
}
