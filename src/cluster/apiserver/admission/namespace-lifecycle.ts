/** NamespaceLifecycle: nothing is created in a namespace that does not exist or is being deleted; three namespaces stay. */
import { textAt } from '../api-object.ts'
import { forbidden, notFound } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/** Reviews of access ask about namespaces that need not exist. */
const exempt: ReadonlySet<string> = new Set(['authorization.k8s.io/localsubjectaccessreviews'])

export const namespaceLifecycle: AdmissionStep = {
  name: 'NamespaceLifecycle',
  applies: ({ group, resource, namespaced }, operation) => {
    if (operation === 'DELETE') return group === '' && resource === 'namespaces'
    return namespaced && operation === 'CREATE' && !exempt.has(`${group}/${resource}`)
  },
  mutate: async (request, object) => {
    await checkNamespace(request)
    return object
  },
  validate: (request) => {
    if (request.operation === 'DELETE' && immortal.has(request.name))
      throw forbidden(subjectOf(request), 'this namespace may not be deleted')
  },
}

function subjectOf({ resource, name }: AdmissionRequest): { group: string; resource: string; name: string } {
  return { group: resource.group, resource: resource.resource, name }
}

async function checkNamespace(request: AdmissionRequest): Promise<void> {
  const { namespace, view } = request
  // The cache is asked first: it is wrong only about namespaces of this very moment.
  const found = view.find('/namespaces', '', namespace) ?? (await view.findNewest('/namespaces', '', namespace))
  if (found === undefined) throw notFound({ group: '', resource: 'namespaces', name: namespace })
  if (textAt(found, 'status', 'phase') !== 'Terminating' && found.metadata.deletionTimestamp === undefined) return
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const message = `namespace ${namespace} is being terminated`
  throw forbidden(subjectOf(request), why, [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }])
}
