/** Which controllers run, as `--controllers` of kube-controller-manager says it: names of v1.36. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { ControllerRow } from './controller-row.ts'

/** Names of controllers that call themselves something else in events. */
const nameByComponent: Readonly<Record<string, string>> = {
  'endpoint-controller': 'endpoints-controller',
  'endpoint-slice-controller': 'endpointslice-controller',
  'endpoint-slice-mirroring-controller': 'endpointslice-mirroring-controller',
  'root-ca-certificate-publisher': 'root-ca-certificate-publisher-controller',
  'replication-controller': 'replicationcontroller-controller',
  'horizontal-pod-autoscaler': 'horizontal-pod-autoscaler-controller',
  controllermanager: 'disruption-controller',
  'persistentvolume-controller': 'persistentvolume-binder-controller',
  volume_expand: 'persistentvolume-expander-controller',
  'attachdetach-controller': 'persistentvolume-attach-detach-controller',
  ephemeral_volume: 'ephemeral-volume-controller',
  'pvc-protection-controller': 'persistentvolumeclaim-protection-controller',
  'pv-protection-controller': 'persistentvolume-protection-controller',
}

/** The name by which a controller is switched on and off. */
export function controllerName({ name, component }: ControllerRow): string {
  return name ?? nameByComponent[component] ?? component
}

/**
 * The controllers that a list wants: `*` stands for all, `foo` for one more, `-foo` for one less. The first that names a
 * controller counts; one that nobody names runs only with `*`.
 * @throws GantryError for a name that there is not.
 */
export function chosenControllers(
  rows: readonly ControllerRow[],
  wanted: readonly string[] = ['*'],
): readonly ControllerRow[] {
  const names = new Set(rows.map(controllerName))
  const unknown = wanted.find((word) => word !== '*' && !names.has(word.replace(/^-/, '')))
  if (unknown !== undefined)
    throw new GantryError('CONTROLLER_UNKNOWN', 'invalid', `"${unknown}" is not in the list of known controllers`, {
      remedy: `Choose among ${[...names].toSorted().join(', ')}.`,
    })
  return rows.filter((row) => {
    const name = controllerName(row)
    const word = wanted.find((one) => one === name || one === `-${name}`)
    return word === undefined ? wanted.includes('*') : word === name
  })
}
