/** The volume plugins that Kubernetes had built in: which driver does their work now, and which volumes can be emptied (v1.36). */
import type { PersistentVolume } from '#spec/kubernetes/objects/core-v1.generated.ts'

const drivers: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/aws-ebs', 'ebs.csi.aws.com'],
  ['kubernetes.io/gce-pd', 'pd.csi.storage.gke.io'],
  ['kubernetes.io/cinder', 'cinder.csi.openstack.org'],
  ['kubernetes.io/azure-disk', 'disk.csi.azure.com'],
  ['kubernetes.io/azure-file', 'file.csi.azure.com'],
  ['kubernetes.io/vsphere-volume', 'csi.vsphere.vmware.com'],
  ['kubernetes.io/portworx-volume', 'pxd.portworx.com'],
])

/** The CSI driver that took over from a built-in plugin. */
export function csiDriverOf(plugin: string): string | undefined {
  return drivers.get(plugin)
}

/** True for names that only a built-in plugin may have; none of them makes volumes by itself any more. */
export function isBuiltIn(provisioner: string): boolean {
  return provisioner.startsWith('kubernetes.io/')
}

/** Sources whose content a pod can remove. */
export function isRecyclable({ spec }: PersistentVolume): boolean {
  return spec.hostPath !== undefined || spec.nfs !== undefined
}

/** Sources that a CSI driver looks after, now or under the plugin's old name. */
export function isDriven({ spec }: PersistentVolume): boolean {
  return (
    spec.csi !== undefined ||
    spec.awsElasticBlockStore !== undefined ||
    spec.gcePersistentDisk !== undefined ||
    spec.cinder !== undefined ||
    spec.azureDisk !== undefined ||
    spec.azureFile !== undefined ||
    spec.vsphereVolume !== undefined ||
    spec.portworxVolume !== undefined
  )
}
