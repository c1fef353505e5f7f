/** NodeDeclaredFeatureValidator: a pod on a node changes only in ways that the node's kubelet declares to know (v1.36). */
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../api-object.ts'
import { forbidden } from '../status-errors.ts'
import type { AdmissionStep } from './admission.ts'

/** Features of kubelets, and whether a change of a pod's specification needs them. */
const needs: Readonly<Record<string, (next: ApiObject, old: ApiObject) => boolean>> = {
  InPlacePodLevelResourcesVerticalScaling: (next, old) =>
    !equalJson(objectAt(next, 'spec', 'resources'), objectAt(old, 'spec', 'resources')),
  InPlacePodVerticalScalingInitContainers: (next, old) => {
    const changed = listAt(next, 'spec', 'initContainers')
    return listAt(old, 'spec', 'initContainers').some(
      (container, index) =>
        container['restartPolicy'] !== 'Always' &&
        !equalJson(objectAt(container, 'resources'), objectAt(changed[index], 'resources')),
    )
  },
}

export const declaredFeatures: AdmissionStep = {
  name: 'NodeDeclaredFeatureValidator',
  applies: ({ group, resource }, operation, subresource) =>
    group === '' && resource === 'pods' && operation === 'UPDATE' && (subresource === '' || subresource === 'resize'),
  validate: ({ object, old, view, name: podName }) => {
    const nodeName = textAt(object, 'spec', 'nodeName')
    if (object === undefined || old === undefined || nodeName === '' || equalJson(object.spec, old.spec)) return
    const needed = Object.keys(needs).filter((feature) => needs[feature]?.(object, old) === true)
    if (needed.length === 0) return
    const pod = { group: '', resource: 'pods', name: podName }
    const node = view.find('/nodes', '', nodeName)
    if (node === undefined) throw forbidden(pod, `node ${JSON.stringify(nodeName)} not found`)
    const declared = objectAt(node, 'status')['declaredFeatures']
    const missing = needed.filter((feature) => !Array.isArray(declared) || !declared.includes(feature))
    if (missing.length === 0) return
    const why = `pod update requires features ${missing.join(', ')} which are not available on node ${JSON.stringify(nodeName)}`
    throw forbidden(pod, why)
  },
}
