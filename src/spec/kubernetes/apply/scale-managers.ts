/**
 * Who owns an object's replicas, in the terms of its scale and back: a scale is written in a version of its own, at a path
 * of its own (apimachinery's ScaleHandler, v1.36).
 */
import { differenceOf, type FieldSet, isEmptySet, unionSets } from './field-set.ts'
import { type Manager, managerIdentity, type Managers } from './managers.ts'

const scaleVersion = 'autoscaling/v1'
const replicasInScale: FieldSet = { 'f:spec': { 'f:replicas': {} } }

/** Where a version of the object has its replicas: null where it has no scale, undefined where there is no such version. */
export type ReplicasPath = (apiVersion: string) => readonly string[] | null | undefined

function setOf(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((below, name) => ({ [`f:${name}`]: below }), {})
}

function has(fields: FieldSet, path: FieldSet): boolean {
  return isEmptySet(differenceOf(path, fields))
}

function byIdentity(entries: readonly Manager[]): Managers {
  const out = new Map<string, Manager>()
  for (const entry of entries) {
    const identity = managerIdentity(entry)
    const known = out.get(identity)
    out.set(identity, known === undefined ? entry : { ...known, fields: unionSets(known.fields, entry.fields) })
  }
  return out
}

/** The managers of the replicas, as managers of the scale. */
export function scaleManagers(managers: Managers, pathOf: ReplicasPath): Managers {
  const owners = [...managers.values()].filter(({ apiVersion, fields }) => {
    const path = pathOf(apiVersion) ?? undefined
    return path !== undefined && has(fields, setOf(path))
  })
  return byIdentity(owners.map((entry) => ({ ...entry, apiVersion: scaleVersion, fields: replicasInScale })))
}

/**
 * The managers of an object after its scale was written. Who no longer owns the scale's replicas loses the object's; who
 * does anew gets an entry in `apiVersion`, which has no time as upstream gives it none.
 */
export function managersAfterScale(
  { before, scale }: { readonly before: Managers; readonly scale: Managers },
  pathOf: ReplicasPath,
  apiVersion: string,
): Managers {
  const open = new Map(scale)
  const kept = [...before.values()].flatMap((entry): readonly Manager[] => {
    const path = pathOf(entry.apiVersion)
    if (path === undefined) return []
    if (path === null || !has(entry.fields, setOf(path))) return [entry]
    const inScale = managerIdentity({ ...entry, apiVersion: scaleVersion })
    const owns = open.get(inScale)
    // An applier is known by its name in every version.
    if (owns !== undefined && (entry.operation === 'Apply' || has(owns.fields, replicasInScale))) {
      open.delete(inScale)
      return [entry]
    }
    const fields = differenceOf(entry.fields, setOf(path))
    return isEmptySet(fields) ? [] : [{ ...entry, fields }]
  })
  const path = pathOf(apiVersion) ?? []
  const added = [...open.values()]
    .filter(({ fields }) => has(fields, replicasInScale))
    .map((entry) => ({ ...entry, apiVersion, fields: setOf(path), time: before.get(managerIdentity(entry))?.time }))
  return byIdentity([...kept, ...added])
}
