/** Which secrets pods may use: only those of their account where it asks for that (ServiceAccount admission, v1.36). Pure. */
import { readGoBool } from '#base/data/go-bool.ts'
import type { Container, Pod, ServiceAccount } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { referencesOf } from '../pod-references.ts'

const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets'

type Secretive = Pick<Container, 'name' | 'env' | 'envFrom'>

/** Why a new pod may not use one of its secrets; undefined where it may, or where its account limits nothing. */
export function secretProblem(account: ServiceAccount, { spec }: Pod): string | undefined {
  if (!isLimited(account)) return undefined
  const { name } = account.metadata
  const own = mountable(account)
  const volume = spec.volumes?.find(({ secret }) => secret !== undefined && !own.has(secret.secretName ?? ''))
  if (volume !== undefined) {
    return `volume with secret.secretName="${volume.secret?.secretName ?? ''}" ${notOf(name)} secret`
  }
  return (
    containerProblem(account, 'init container', spec.initContainers) ??
    containerProblem(account, 'container', spec.containers) ??
    pullProblem(account, spec.imagePullSecrets ?? [])
  )
}

/** Why an ephemeral container may not use one of its secrets. */
export function ephemeralSecretProblem(account: ServiceAccount, { spec }: Pod): string | undefined {
  return isLimited(account) ? containerProblem(account, 'ephemeral container', spec.ephemeralContainers) : undefined
}

function isLimited({ metadata }: ServiceAccount): boolean {
  return readGoBool(metadata.annotations?.[enforceAnnotation] ?? '') === true
}

function mountable({ secrets = [] }: ServiceAccount): ReadonlySet<string> {
  return new Set(secrets.map(({ name = '' }) => name))
}

const notOf = (account: string): string => `is not allowed because service account ${account} does not reference that`

function containerProblem(
  account: ServiceAccount,
  kind: string,
  containers: readonly Secretive[] = [],
): string | undefined {
  const own = mountable(account)
  for (const container of containers) {
    const foreign = secretsOf(container).find(({ secret }) => !own.has(secret))
    if (foreign === undefined) continue
    const what = `${kind} ${container.name} with ${foreign.place} referencing secret.secretName="${foreign.secret}"`
    return `${what} ${notOf(account.metadata.name)} secret`
  }
  return undefined
}

/** The secrets of a container in upstream's order, and where each is named. */
function secretsOf({
  env = [],
  envFrom = [],
}: Secretive): readonly { readonly place: string; readonly secret: string }[] {
  return [
    ...env.flatMap(({ name, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef
      return secret === undefined ? [] : [{ place: `envVar ${name}`, secret: secret.name ?? '' }]
    }),
    ...envFrom.flatMap(({ secretRef }) =>
      secretRef === undefined ? [] : [{ place: 'envFrom', secret: secretRef.name ?? '' }],
    ),
  ]
}

function pullProblem(
  { metadata, imagePullSecrets = [] }: ServiceAccount,
  pulls: readonly { readonly name?: string }[],
): string | undefined {
  const own = new Set(imagePullSecrets.map(({ name = '' }) => name))
  const index = pulls.findIndex(({ name = '' }) => !own.has(name))
  const name = pulls[index]?.name ?? ''
  return index < 0 ? undefined : `imagePullSecrets[${index}].name="${name}" ${notOf(metadata.name)} imagePullSecret`
}

/** Why the mirror of a static pod may not be as it is: it has nothing that only an account could read. */
export function mirrorProblem(pod: Pod): string | undefined {
  const { serviceAccountName = '', volumes = [] } = pod.spec
  if (serviceAccountName !== '') return 'a mirror pod may not reference service accounts'
  if (referencesOf(pod).secrets.size > 0) return 'a mirror pod may not reference secrets'
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? [])
  const hasToken = sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)
  return hasToken ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined
}
