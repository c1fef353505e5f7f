/** Which events a reader of `GET /events` wants. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { matchesLabel } from '#engine/containers/list-containers.ts'
import type { Filters } from '#engine/containers/list-containers.ts'
import type { LoggedEvent } from './event-log.ts'

const knownFilters = new Set([
  'type',
  'event',
  'container',
  'image',
  'volume',
  'network',
  'daemon',
  'label',
  'plugin',
  'scope',
  'node',
  'service',
  'secret',
  'config',
])

/** @throws GantryError invalid for a key that events do not have. */
export function checkEventFilters(filters: Filters): void {
  const unknown = Object.keys(filters).find((key) => !knownFilters.has(key))
  if (unknown !== undefined) throw new GantryError('ENGINE_FILTER', 'invalid', `Invalid filter '${unknown}'`)
}

/** exec and health actions carry a detail behind a colon; a filter names the part before it. */
function matchesAction(action: string, wanted: string): boolean {
  return action === wanted || action.startsWith(`${wanted}:`)
}

function matchesActor(event: LoggedEvent, type: string, wanted: string): boolean {
  const name = event.attributes['name'] ?? ''
  if (event.type === type)
    return event.id === wanted || name === wanted || (wanted.length >= 3 && event.id.startsWith(wanted))
  return event.attributes[type] === wanted
}

/** References may leave out the tag: `busybox` matches `busybox:latest`. */
function matchesImage(event: LoggedEvent, wanted: string): boolean {
  const bare = (reference: string): string => reference.replace(/:[^/:]+$/, '')
  const candidates = [event.id, event.attributes['name'] ?? '', event.attributes['image'] ?? '']
  return candidates.some((candidate) => candidate !== '' && (candidate === wanted || bare(candidate) === wanted))
}

/** True when every filter key has a value that the event matches. */
export function wantsEvent(event: LoggedEvent, filters: Filters): boolean {
  return Object.entries(filters).every(([key, values]) => {
    if (values.length === 0) return true
    if (key === 'type') return values.includes(event.type)
    if (key === 'event') return values.some((value) => matchesAction(event.action, value))
    if (key === 'label') return values.every((value) => matchesLabel(event.attributes, value))
    if (key === 'image') return values.some((value) => matchesImage(event, value))
    if (key === 'scope') return values.includes('local')
    return values.some((value) => matchesActor(event, key, value))
  })
}
