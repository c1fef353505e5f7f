/** When a cached image was made by the same step: equal container configurations (moby runconfig.Compare). Pure. */
import type { ImageRunConfig } from '#spec/oci/image-config.ts'

/** Compares what the classic cache compares; order matters in lists, not in maps. Time, ids and healthchecks do not count. */
export function sameStep(left: ImageRunConfig | undefined, right: ImageRunConfig): boolean {
  if (left === undefined || left.OpenStdin === true || right.OpenStdin === true) return false
  if ((left.User ?? '') !== (right.User ?? '') || (left.Tty ?? false) !== (right.Tty ?? false)) return false
  const lists = (['Cmd', 'Env', 'Entrypoint'] as const).every((field) => sameList(left[field], right[field]))
  const sets = (['ExposedPorts', 'Volumes'] as const).every((field) => sameKeys(left[field], right[field]))
  return lists && sets && sameMap(left.Labels, right.Labels)
}

type List = readonly string[] | null | undefined
type Dictionary = Readonly<Record<string, unknown>> | null | undefined

function sameList(left: List, right: List): boolean {
  const [one, other] = [left ?? [], right ?? []]
  return one.length === other.length && one.every((item, at) => item === other[at])
}

function sameMap(left: Dictionary, right: Dictionary): boolean {
  return sameKeys(left, right) && Object.entries(left ?? {}).every(([key, value]) => right?.[key] === value)
}

function sameKeys(left: Dictionary, right: Dictionary): boolean {
  const keys = Object.keys(left ?? {})
  return keys.length === Object.keys(right ?? {}).length && keys.every((key) => Object.hasOwn(right ?? {}, key))
}
