/** Where containers mount the volumes of their pod, and the block devices among them. */
import type { Volume, VolumeMount } from '../../objects/core-v1.generated.ts'
import { each, oneOf, requiredText, joined } from '../checks.ts'
import { forbidden, invalid, notFound, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { localPath, noBacksteps } from '../format-errors.ts'
import type { AnyContainer } from './pod-options.ts'

/** The valid volumes of a pod by name. */
export type VolumesByName = ReadonlyMap<string, Volume>

function validatePropagation(at: Path, mode: string, container: AnyContainer): FieldError[] {
  const errors = oneOf(at, mode, ['Bidirectional', 'HostToContainer', 'None'])
  if (mode !== 'Bidirectional' || container.securityContext?.privileged === true) return errors
  return [...errors, forbidden(at, 'Bidirectional mount propagation is available only to privileged containers')]
}

function validateRecursive(at: Path, mount: VolumeMount): FieldError[] {
  const mode = mount.recursiveReadOnly
  if (mode === undefined || mode === 'Disabled') return []
  if (mode !== 'Enabled' && mode !== 'IfPossible') return oneOf(at, mode, ['Disabled', 'Enabled', 'IfPossible'])
  const errors = mount.readOnly === true ? [] : [forbidden(at, 'may only be specified when readOnly is true')]
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.push(forbidden(at, 'may only be specified when mountPropagation is None or not specified'))
  }
  return errors
}

function validateMountName(at: Path, mount: VolumeMount, volumes: VolumesByName): FieldError[] {
  const missing = volumes.has(mount.name) ? [] : [notFound(at.child('name'), mount.name)]
  return joined(
    requiredText(at.child('name'), mount.name),
    missing,
    requiredText(at.child('mountPath'), mount.mountPath),
  )
}

/** The mounts of a container. Paths within volumes are reported without the mount's index, as upstream does. */
export function validateVolumeMounts(at: Path, container: AnyContainer, volumes: VolumesByName): FieldError[] {
  const seen = new Set<string>()
  const devices = new Map((container.volumeDevices ?? []).map((device) => [device.name, device.devicePath]))
  return each(at, container.volumeMounts, (mount, itemAt) => {
    const errors = validateMountName(itemAt, mount, volumes)
    const { mountPath, subPath = '', subPathExpr = '' } = mount
    if (seen.has(mountPath)) errors.push(invalid(itemAt.child('mountPath'), mountPath, 'must be unique'))
    seen.add(mountPath)
    if (devices.has(mount.name)) {
      errors.push(invalid(itemAt.child('name'), mount.name, 'must not already exist in volumeDevices'))
    }
    if ([...devices.values()].includes(mountPath)) {
      errors.push(invalid(itemAt.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'))
    }
    if (subPath !== '') errors.push(...localPath(at.child('subPath'), subPath))
    if (subPathExpr !== '' && subPath !== '') {
      errors.push(invalid(itemAt.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
    }
    if (subPathExpr !== '') errors.push(...localPath(at.child('subPathExpr'), subPathExpr))
    const propagation = mount.mountPropagation
    if (propagation !== undefined)
      errors.push(...validatePropagation(at.child('mountPropagation'), propagation, container))
    return joined(errors, validateRecursive(at.child('recursiveReadOnly'), mount))
  })
}

function deviceSourceErrors(at: Path, name: string, volumes: VolumesByName): FieldError[] {
  const volume = volumes.get(name)
  if (volume === undefined) return [notFound(at, name)]
  if (volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined) return []
  const text = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
  return [invalid(at, name, text)]
}

/** The block devices of a container. */
export function validateVolumeDevices(at: Path, container: AnyContainer, volumes: VolumesByName): FieldError[] {
  const names = new Set<string>()
  const paths = new Set<string>()
  const mounts = new Map((container.volumeMounts ?? []).map((mount) => [mount.name, mount.mountPath]))
  return each(at, container.volumeDevices, ({ name, devicePath }, itemAt) => {
    const [nameAt, pathAt] = [itemAt.child('name'), itemAt.child('devicePath')]
    const errors = requiredText(nameAt, name)
    if (names.has(name)) errors.push(invalid(nameAt, name, 'must be unique'))
    errors.push(...deviceSourceErrors(nameAt, name, volumes), ...requiredText(pathAt, devicePath))
    if (paths.has(devicePath)) errors.push(invalid(pathAt, devicePath, 'must be unique'))
    if (noBacksteps(pathAt, devicePath).length > 0) {
      errors.push(invalid(pathAt, devicePath, "can not contain backsteps ('..')"))
    } else paths.add(devicePath)
    if (mounts.has(name)) errors.push(invalid(nameAt, name, 'must not already exist in volumeMounts'))
    if ([...mounts.values()].includes(devicePath)) {
      errors.push(invalid(pathAt, devicePath, 'must not already exist as a path in volumeMounts'))
    }
    if (name !== '') names.add(name)
    return errors
  })
}
