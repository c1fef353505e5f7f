/** Why a claim of storage is not bound. */
import type { PersistentVolumeClaim } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Explanation, type Finding, finding } from './finding.ts'
import { type Surroundings, warningsAbout } from './surroundings.ts'

/** Explains a claim. */
export function explainClaim(claim: PersistentVolumeClaim, around: Surroundings): Omit<Explanation, 'subject'> {
  const phase = claim.status?.phase ?? 'Pending'
  if (phase === 'Bound') return { answer: `It is bound to ${claim.spec?.volumeName ?? ''}.`, findings: [] }
  if (phase === 'Lost') return { answer: `Its volume ${claim.spec?.volumeName ?? ''} is gone.`, findings: [] }
  return {
    answer: 'It waits for a volume.',
    findings: [...classFindings(claim, around), ...warningsAbout(claim, around.events)],
  }
}

function classFindings(claim: PersistentVolumeClaim, around: Surroundings): readonly Finding[] {
  const name = claim.spec?.storageClassName
  if (name === undefined)
    return [
      finding(
        'it names no storage class, and no class is the default',
        [],
        'Name one, or mark one with storageclass.kubernetes.io/is-default-class: "true".',
      ),
    ]
  if (name === '') return [finding('it wants a volume without a class, and none that fits is free')]
  const found = around.storageClasses.find(({ metadata }) => metadata.name === name)
  if (found === undefined)
    return [finding(`storage class ${name} does not exist`, [], 'kubectl get storageclass lists those there are.')]
  if (found.volumeBindingMode === 'WaitForFirstConsumer' && !isUsed(claim, around))
    return [finding(`class ${name} makes volumes where the first pod runs, and no pod uses the claim yet`)]
  return [finding(`class ${name} is served by ${found.provisioner}, which has not made the volume yet`)]
}

function isUsed(claim: PersistentVolumeClaim, { pods }: Surroundings): boolean {
  return pods.some((pod) =>
    (pod.spec.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === claim.metadata.name),
  )
}
