/** AppArmor profiles that a new pod names in annotations, as before v1.30: containers get them as fields, clients a warning. */
import { appArmorKey, appArmorOf } from '#spec/kubernetes/pods/app-armor.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { validateAppArmor } from '#spec/kubernetes/validation/pods/security-context.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, equalJson, listAt, objectAt, textAt } from '../api-object.ts'

const nowhere = path('')
const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const

/** The pod with its profiles as fields, where an annotation names one and the container has none (v1.36, pod strategy). */
export function withAppArmorFields(pod: ApiObject, warn: (text: string) => void): ApiObject {
  const annotations = pod.metadata.annotations ?? {}
  const isNamed = Object.keys(annotations).some((key) => key.startsWith(appArmorKey))
  if (!isNamed || textAt(pod, 'spec', 'os', 'name') === 'windows') return pod
  const ofPod = objectAt(pod, 'spec', 'securityContext')['appArmorProfile']
  const settle = (container: JsonObject): JsonObject => {
    const key = appArmorKey + textAt(container, 'name')
    const written = annotations[key]
    const securityContext = objectAt(container, 'securityContext')
    if (written === undefined || securityContext['appArmorProfile'] !== undefined) return container
    const profile = appArmorOf(written)
    const isValid = profile !== undefined && validateAppArmor(nowhere, profile).length === 0
    if (isValid && equalJson(profile, ofPod)) return container
    warn(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
    return isValid ? { ...container, securityContext: { ...securityContext, appArmorProfile: profile } } : container
  }
  const changed = lists.flatMap((list) => {
    const containers = listAt(pod, 'spec', list)
    return containers.length === 0 ? [] : [[list, containers.map(settle)] as const]
  })
  return { ...pod, spec: { ...objectAt(pod, 'spec'), ...Object.fromEntries(changed) } }
}
