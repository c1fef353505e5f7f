/** The annotation that kubectl's client-side apply keeps its configuration in, and which server-side apply keeps up to date. */
import type { ApiObject } from './track-update.ts'

const lastAppliedName = 'kubectl.kubernetes.io/last-applied-configuration'
/** The limit of all annotations together; a larger one is left out. */
const annotationCharactersMax = 262_144

interface Applied {
  readonly live: ApiObject | undefined
  readonly patch: ApiObject
  readonly manager: string
}

/** The configuration of the last client-side apply as JSON, if there is one. */
export function lastAppliedText(object: ApiObject): string | undefined {
  const text = annotationsOf(object)[lastAppliedName]
  return typeof text === 'string' && text !== '' ? text : undefined
}

/**
 * kubectl's annotation follows a server-side apply by kubectl, so that client-side apply can be taken up again; also where
 * nothing else changes (structured-merge-diff's lastAppliedUpdater, v1.36).
 */
export function keepLastApplied(object: ApiObject, { live, patch, manager }: Applied): ApiObject {
  if (manager !== 'kubectl' || live === undefined || lastAppliedText(live) === undefined) return object
  const text = encode(withoutAnnotation(patch))
  const { [lastAppliedName]: before, ...others } = annotationsOf(object)
  if (before === text) return object
  const annotations = text.length > annotationCharactersMax ? others : { ...others, [lastAppliedName]: text }
  return { ...object, metadata: { ...(object['metadata'] as ApiObject), annotations } }
}

function annotationsOf(object: ApiObject): ApiObject {
  return ((object['metadata'] as ApiObject | undefined)?.['annotations'] ?? {}) as ApiObject
}

function withoutAnnotation(patch: ApiObject): ApiObject {
  const metadata = (patch['metadata'] ?? {}) as ApiObject
  if (metadata['annotations'] === undefined) return patch
  const { [lastAppliedName]: _, ...annotations } = annotationsOf(patch)
  return { ...patch, metadata: { ...metadata, annotations } }
}

const escapes: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' }

/** As Go's encoder writes it: members sorted, a newline at the end. */
function encode(value: ApiObject): string {
  const text = JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
  return `${text.replace(/[<>&]/g, (character) => escapes[character] ?? character)}\n`
}
