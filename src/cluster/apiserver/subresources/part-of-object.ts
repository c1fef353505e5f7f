/** Which part of the object each whole-object subresource may change; the rest stays as it is. */
import { type ApiObject, listAt, objectAt } from '../api-object.ts'

type TakePart = (next: ApiObject, old: ApiObject) => ApiObject

const withSpec = (old: ApiObject, spec: object): ApiObject => ({ ...old, spec: { ...objectAt(old, 'spec'), ...spec } })

/** Resources and resize policies of containers that are there already. */
function resized(next: ApiObject, old: ApiObject, list: 'containers' | 'initContainers'): object {
  const wanted = new Map(listAt(next, 'spec', list).map((container) => [container['name'], container]))
  const containers = listAt(old, 'spec', list)
  if (containers.length === 0) return {}
  return {
    [list]: containers.map((container) => {
      const change = wanted.get(container['name'])
      if (change === undefined) return container
      const { resources, resizePolicy } = change
      return { ...container, resources: resources ?? {}, ...(resizePolicy === undefined ? {} : { resizePolicy }) }
    }),
  }
}

const parts: Readonly<Record<string, TakePart>> = {
  finalize: (next, old) => withSpec(old, { finalizers: objectAt(next, 'spec')['finalizers'] }),
  approval: (next, old) => ({
    ...old,
    metadata: { ...next.metadata },
    status: { ...objectAt(old, 'status'), conditions: objectAt(next, 'status')['conditions'] },
  }),
  ephemeralcontainers: (next, old) =>
    withSpec(old, { ephemeralContainers: objectAt(next, 'spec')['ephemeralContainers'] }),
  resize: (next, old) =>
    withSpec(old, { ...resized(next, old, 'containers'), ...resized(next, old, 'initContainers') }),
}

/** The object with only that part changed; undefined for subresources that this file does not know. */
export function partOfObject(subresource: string, next: ApiObject, old: ApiObject): ApiObject | undefined {
  const part = parts[subresource]?.(next, old)
  // Ownership of fields and the version that the client saw are the request's own in any case.
  return part === undefined ? undefined : { ...part, metadata: { ...part.metadata, ...pick(next) } }
}

function pick({ metadata }: ApiObject): object {
  const { resourceVersion, managedFields } = metadata
  return {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(managedFields === undefined ? {} : { managedFields }),
  }
}
