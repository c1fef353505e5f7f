/**
 * Writes the IPAddress objects of a service before the service itself, as upstream's allocator does: who has an address is
 * settled in the store, also between several servers.
 */
import { ipAddresses } from '#clients/kubernetes/resources.table.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { isAlreadyExists, isNotFound } from '#clients/kubernetes/status-error.ts'
import type { IPAddress } from '#spec/kubernetes/objects/networking-v1.generated.ts'
import { invalid as invalidField } from '#spec/kubernetes/validation/field-errors.ts'
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { objectAt } from '../api-object.ts'
import { familyOf } from '../strategies/services/address-blocks.ts'
import { clusterAddressesOf, isHeldByOther } from '../strategies/services/service-ranges.ts'
import { invalid } from '../status-errors.ts'
import type { AdmissionRequest, AdmissionStep } from './admission.ts'

/** The step; it comes after the service's addresses are chosen. */
export function serviceAddressObjects(client: () => KubeClient): AdmissionStep {
  return {
    name: 'ServiceAddressObjects',
    applies: ({ group, resource }, operation, subresource) =>
      group === '' &&
      resource === 'services' &&
      subresource === '' &&
      operation !== 'DELETE' &&
      operation !== 'CONNECT',
    validate: async (request) => {
      if (request.dryRun || request.object === undefined) return
      const before = new Set(clusterAddressesOf(request.old))
      const added = clusterAddressesOf(request.object).filter((address) => !before.has(address))
      for (const address of added) await hold(client(), request, address)
    },
  }
}

function objectFor({ namespace, name }: AdmissionRequest, address: string): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: address,
      labels: {
        'ipaddress.kubernetes.io/ip-family': familyOf(address),
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  }
}

/** Creates the object; one that a service left behind goes first. */
async function hold(client: KubeClient, request: AdmissionRequest, address: string): Promise<void> {
  const object = objectFor(request, address)
  const release = (): Promise<void> => remove(client, address)
  try {
    await client.create(ipAddresses, object)
    request.onFailure(release)
    return
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
  if (isHeldByOther(request.view, address, request.object)) throw taken(request, address)
  const { parentRef } = (request.view.find('networking.k8s.io/ipaddresses', '', address)?.['spec'] ?? {}) as Partial<
    IPAddress['spec']
  >
  if (parentRef?.namespace === request.namespace && parentRef.name === request.name) return
  await remove(client, address)
  await client.create(ipAddresses, object)
  request.onFailure(release)
}

async function remove(client: KubeClient, address: string): Promise<void> {
  try {
    await client.delete(ipAddresses, address)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function taken({ object, name }: AdmissionRequest, address: string): Error {
  const { clusterIPs } = objectAt(object, 'spec')
  const why = `failed to allocate IP ${address}: provided IP is already allocated`
  return invalid({ group: '', resource: 'Service', name }, [
    invalidField(path('spec', 'clusterIPs'), clusterIPs ?? [], why),
  ])
}
