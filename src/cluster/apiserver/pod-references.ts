/** The objects that a pod names in its spec and status: what its node has to read to run it. */
import type { Container, EnvFromSource, EnvVar, Pod, Volume } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** Names of objects in the pod's namespace. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>
  readonly configMaps: ReadonlySet<string>
  readonly claims: ReadonlySet<string>
  readonly deviceClaims: ReadonlySet<string>
}

type Name = string | undefined

/** What a pod refers to (VisitPodSecretNames and VisitPodConfigmapNames, v1.36). */
export function referencesOf({ metadata, spec, status }: Pod): PodReferences {
  const volumes = spec.volumes ?? []
  const containers: readonly Pick<Container, 'env' | 'envFrom'>[] = [
    ...spec.containers,
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ]
  const env = containers.flatMap((container) => container.env ?? [])
  const envFrom = containers.flatMap((container) => container.envFrom ?? [])
  const pulls = (spec.imagePullSecrets ?? []).map(({ name }): Name => name)
  return {
    secrets: named([...pulls, ...secretsInEnv(env, envFrom), ...volumes.flatMap(secretsOf)]),
    configMaps: named([...configMapsInEnv(env, envFrom), ...volumes.flatMap(configMapsOf)]),
    claims: named(volumes.map((volume) => claimOf(volume, metadata.name))),
    deviceClaims: named([
      ...(spec.resourceClaims ?? []).map((claim): Name => claim.resourceClaimName),
      ...(status?.resourceClaimStatuses ?? []).map((claim): Name => claim.resourceClaimName),
      status?.extendedResourceClaimStatus?.resourceClaimName,
    ]),
  }
}

function named(names: readonly Name[]): ReadonlySet<string> {
  return new Set(names.filter((name): name is string => name !== undefined && name !== ''))
}

function secretsInEnv(env: readonly EnvVar[], envFrom: readonly EnvFromSource[]): readonly Name[] {
  return [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...envFrom.map(({ secretRef }) => secretRef?.name),
  ]
}

function configMapsInEnv(env: readonly EnvVar[], envFrom: readonly EnvFromSource[]): readonly Name[] {
  return [
    ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
    ...envFrom.map(({ configMapRef }) => configMapRef?.name),
  ]
}

function secretsOf(volume: Volume): readonly Name[] {
  const holders = [
    volume.cephfs,
    volume.cinder,
    volume.flexVolume,
    volume.rbd,
    volume.scaleIO,
    volume.iscsi,
    volume.storageos,
  ]
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.csi?.nodePublishSecretRef?.name,
    ...holders.map((holder): Name => holder?.secretRef?.name),
    ...(volume.projected?.sources ?? []).map(({ secret }): Name => secret?.name),
  ]
}

function configMapsOf({ configMap, projected }: Volume): readonly Name[] {
  return [configMap?.name, ...(projected?.sources ?? []).map((source): Name => source.configMap?.name)]
}

function claimOf({ name, persistentVolumeClaim, ephemeral }: Volume, podName: string): Name {
  return persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${podName}-${name}`)
}
