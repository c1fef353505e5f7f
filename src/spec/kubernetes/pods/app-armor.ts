/** AppArmor profiles as annotations of pods, as they were written before v1.30, beside the fields that replace them. */
import type { AppArmorProfile } from '../objects/core-v1.generated.ts'

/** Before the name of a container: the annotation of its AppArmor profile. */
export const appArmorKey = 'container.apparmor.security.beta.kubernetes.io/'
const profilesAtNode = 'localhost/'
const plainProfiles: ReadonlyMap<string, AppArmorProfile> = new Map([
  ['runtime/default', { type: 'RuntimeDefault' }],
  ['unconfined', { type: 'Unconfined' }],
])

/** What an annotation says as a field; undefined where it says nothing. */
export function appArmorOf(annotation: string): AppArmorProfile | undefined {
  if (!annotation.startsWith(profilesAtNode)) return plainProfiles.get(annotation)
  const localhostProfile = annotation.slice(profilesAtNode.length)
  return localhostProfile === '' ? undefined : { type: 'Localhost', localhostProfile }
}

/** True for an annotation that has the form of a profile, though it may name none. */
export function isAppArmorText(annotation: string): boolean {
  return annotation === '' || annotation.startsWith(profilesAtNode) || plainProfiles.has(annotation)
}
