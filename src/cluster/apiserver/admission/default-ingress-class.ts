/** DefaultIngressClass: an ingress that names no class gets the one marked as default, if there is exactly one. */
import { objectAt } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionStep } from './admission.ts'
import { writesOf } from './pod-requests.ts'

const mark = 'ingressclass.kubernetes.io/is-default-class'

export const defaultIngressClass: AdmissionStep = {
  name: 'DefaultIngressClass',
  applies: writesOf('networking.k8s.io/ingresses', 'CREATE'),
  mutate: ({ view, name }, ingress) => {
    const spec = objectAt(ingress, 'spec')
    if (
      spec['ingressClassName'] !== undefined ||
      ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined
    )
      return ingress
    const marked = view
      .list('networking.k8s.io/ingressclasses', '')
      .filter((one) => one.metadata.annotations?.[mark] === 'true')
    const newest = marked.toSorted(
      (a, b) =>
        (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') ||
        (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
    )[0]
    if (newest === undefined) return ingress
    if (newest.metadata.name === undefined)
      throw forbidden({ group: 'networking.k8s.io', resource: 'ingresses', name }, 'default ingress class has no name')
    return { ...ingress, spec: { ...spec, ingressClassName: newest.metadata.name } }
  },
}
