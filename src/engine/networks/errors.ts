/** What can go wrong with networks, in the words that Docker's clients know. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Family } from './address.ts'

const code = (name: string): string => `NETWORK_${name}`

/** What names a network in a message. */
interface NamedNetwork {
  readonly name: string
  readonly id: string
}

/** Makers of this component's errors, one per row of its catalogue. */
export const networkErrors = {
  notFound: (name: string): GantryError =>
    new GantryError(code('NOT_FOUND'), 'not-found', `network ${name} not found`, {
      remedy: 'List the networks with "network ls".',
    }),
  ambiguous: (name: string, count: number): GantryError =>
    new GantryError(
      code('AMBIGUOUS'),
      'invalid',
      `network ${name} is ambiguous (${count} matches found based on ID prefix)`,
      {
        remedy: 'Give more digits of the id, or the name.',
      },
    ),
  nameTaken: (name: string): GantryError =>
    new GantryError(code('NAME_TAKEN'), 'conflict', `network with name ${name} already exists`, {
      remedy: 'Choose another name or remove that network.',
    }),
  badName: (name: string): GantryError =>
    new GantryError(code('BAD_NAME'), 'invalid', `invalid network name: ${JSON.stringify(name)}`, {
      remedy: 'Give a name without control characters.',
    }),
  predefinedName: (name: string): GantryError =>
    new GantryError(code('PREDEFINED_NAME'), 'forbidden', `operation is not permitted on predefined ${name} network`, {
      remedy: 'Choose another name.',
    }),
  predefinedRemoval: (name: string): GantryError =>
    new GantryError(code('PREDEFINED_REMOVAL'), 'forbidden', `${name} is a pre-defined network and cannot be removed`, {
      remedy: 'Leave it; containers need not use it.',
    }),
  inUse: ({ name, id }: NamedNetwork): GantryError =>
    new GantryError(
      code('IN_USE'),
      'forbidden',
      `error while removing network: network ${name} id ${id} has active endpoints`,
      {
        remedy: 'Stop or disconnect its containers first.',
      },
    ),
  configInUse: (name: string): GantryError =>
    new GantryError(code('CONFIG_IN_USE'), 'forbidden', `configuration network ${JSON.stringify(name)} is in use`, {
      remedy: 'Remove the networks made from it first.',
    }),
  configOnlyAttach: (name: string): GantryError =>
    new GantryError(code('CONFIG_ONLY'), 'forbidden', `cannot create endpoint on configuration-only network`, {
      remedy: `Make a network with --config-from ${name} and use that.`,
    }),
  configOptions: (): GantryError =>
    new GantryError(
      code('CONFIG_OPTIONS'),
      'forbidden',
      'configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.',
      {
        remedy: 'Leave those out.',
      },
    ),
  driverMissing: (driver: string): GantryError =>
    new GantryError(code('DRIVER_MISSING'), 'not-found', `plugin ${JSON.stringify(driver)} not found`, {
      remedy: 'Use bridge, macvlan or ipvlan.',
    }),
  ipamDriverMissing: (driver: string): GantryError =>
    new GantryError(code('IPAM_DRIVER_MISSING'), 'not-found', `could not find ipam driver ${driver}`, {
      remedy: 'Leave --ipam-driver out.',
    }),
  oneInstance: (driver: string): GantryError =>
    new GantryError(code('ONE_INSTANCE'), 'forbidden', `only one instance of "${driver}" network is allowed`, {
      remedy: 'Use the network that is there.',
    }),
  noSwarm: (): GantryError =>
    new GantryError(
      code('NO_SWARM'),
      'unavailable',
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
      {
        remedy: 'Use a bridge network, or a cluster ("gantry up") for containers on several machines.',
      },
    ),
  kernelLacks: (kind: string, cause: unknown): GantryError =>
    new GantryError(code('KERNEL_LACKS'), 'not-implemented', `this kernel has no ${kind} links`, {
      cause,
      remedy: `Load the kernel module ${kind}, or use another driver.`,
    }),
  badSubnet: (subnet: string): GantryError =>
    new GantryError(code('BAD_SUBNET'), 'invalid', `Invalid subnet ${subnet} : invalid CIDR address: ${subnet}`, {
      remedy: 'Write it like 10.1.2.0/24.',
    }),
  subnetMissing: (): GantryError =>
    new GantryError(
      code('SUBNET_MISSING'),
      'invalid',
      'invalid ipam config: every pool needs a subnet when a gateway, range or auxiliary address is given',
      { remedy: 'Give --subnet.' },
    ),
  badGateway: (gateway: string): GantryError =>
    new GantryError(code('BAD_GATEWAY'), 'invalid', `invalid gateway ${gateway}: it does not belong to the subnet`, {
      remedy: 'Choose an address inside the subnet.',
    }),
  badRange: (range: string): GantryError =>
    new GantryError(code('BAD_RANGE'), 'invalid', `invalid ip-range ${range}: it does not lie in the subnet`, {
      remedy: 'Choose a range inside the subnet.',
    }),
  badAuxiliary: (address: string): GantryError =>
    new GantryError(code('BAD_AUXILIARY'), 'invalid', `auxiliary address: (${address}) must belong to the network`, {
      remedy: 'Choose addresses inside the subnet.',
    }),
  badOption: (name: string, value: string): GantryError =>
    new GantryError(code('BAD_OPTION'), 'invalid', `invalid value for ${name}: ${JSON.stringify(value)}`, {
      remedy: 'See the list of network options.',
    }),
  badMacAddress: (mac: string): GantryError =>
    new GantryError(code('BAD_MAC'), 'invalid', `invalid MAC address: ${mac}`, {
      remedy: 'Write it like 02:42:ac:11:00:02.',
    }),
  badParent: (parent: string): GantryError =>
    new GantryError(
      code('BAD_PARENT'),
      'invalid',
      `invalid subinterface vlan name ${parent}, example formatting is eth0.10`,
      { remedy: 'Name an interface of this machine.' },
    ),
  parentMissing: (parent: string): GantryError =>
    new GantryError(code('PARENT_MISSING'), 'invalid', `-o parent interface was not found on the host: ${parent}`, {
      remedy: 'Name an interface of this machine.',
    }),
  parentTaken: (network: string, parent: string): GantryError =>
    new GantryError(
      code('PARENT_TAKEN'),
      'forbidden',
      `network ${network} is already using parent interface ${parent}`,
      { remedy: 'Use another interface, or that network.' },
    ),
  bridgeTaken: (name: string): GantryError =>
    new GantryError(code('BRIDGE_TAKEN'), 'conflict', `bridge ${name} is used by another network`, {
      remedy: 'Choose another com.docker.network.bridge.name.',
    }),
  overlap: (): GantryError =>
    new GantryError(code('OVERLAP'), 'forbidden', 'Pool overlaps with other one on this address space', {
      remedy: 'Choose a subnet that no other network has.',
    }),
  noPool: (family: Family): GantryError =>
    new GantryError(
      code('NO_POOL'),
      'internal',
      `could not find an available, non-overlapping IPv${family} address pool among the defaults to assign to the network`,
      {
        remedy: 'Remove unused networks, or give --subnet.',
      },
    ),
  noAddress: ({ name, id }: NamedNetwork, family: Family): GantryError =>
    new GantryError(
      code('NO_ADDRESS'),
      'internal',
      `no available IPv${family} addresses on this network's address pools: ${name} (${id})`,
      {
        remedy: 'Stop containers that use it, or make a network with a larger subnet.',
      },
    ),
  badMode: (driver: string, mode: string, fallback: string): GantryError =>
    new GantryError(
      code('BAD_MODE'),
      'invalid',
      `requested ${driver} mode '${mode}' is not valid, '${fallback}' mode is the ${driver} driver default`,
      { remedy: 'Choose a mode of that driver.' },
    ),
  badAddress: (address: string, family: Family): GantryError =>
    new GantryError(code('BAD_ADDRESS'), 'invalid', `invalid IPv${family} address: ${address}`, {
      remedy: 'Write it like 10.1.2.3 or fd00::1.',
    }),
  foreignAddress: (address: string): GantryError =>
    new GantryError(
      code('FOREIGN_ADDRESS'),
      'invalid',
      `Invalid address ${address}: It does not belong to any of this network's subnets`,
      { remedy: 'Choose an address of the network.' },
    ),
  addressTaken: (): GantryError =>
    new GantryError(code('ADDRESS_TAKEN'), 'forbidden', 'Address already in use', {
      remedy: 'Choose another address, or let the engine choose.',
    }),
  addressOnDefault: (): GantryError =>
    new GantryError(
      code('ADDRESS_ON_DEFAULT'),
      'invalid',
      'user specified IP address is supported on user defined networks only',
      { remedy: 'Make a network with --subnet.' },
    ),
  addressWithoutSubnet: (): GantryError =>
    new GantryError(
      code('ADDRESS_WITHOUT_SUBNET'),
      'invalid',
      'user specified IP address is supported only when connecting to networks with user configured subnets',
      {
        remedy: 'Make the network with --subnet.',
      },
    ),
  aliasOnDefault: (): GantryError =>
    new GantryError(
      code('ALIAS_ON_DEFAULT'),
      'invalid',
      'network-scoped alias is supported only for containers in user defined networks',
      { remedy: 'Make a network and use it.' },
    ),
  sharedNamespace: (): GantryError =>
    new GantryError(
      code('SHARED_NAMESPACE'),
      'forbidden',
      'container sharing network namespace with another container or host cannot be connected to any other network',
      {
        remedy: 'Start the container with a network of its own.',
      },
    ),
  hostChange: (): GantryError =>
    new GantryError(
      code('HOST_CHANGE'),
      'forbidden',
      'container cannot be disconnected from host network or connected to host network',
      { remedy: 'Start it again with another --network.' },
    ),
  noneMixed: (): GantryError =>
    new GantryError(
      code('NONE_MIXED'),
      'forbidden',
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      {
        remedy: 'Disconnect it from "none" first.',
      },
    ),
  alreadyConnected: (container: string, network: string): GantryError =>
    new GantryError(
      code('ALREADY_CONNECTED'),
      'forbidden',
      `endpoint with name ${container} already exists in network ${network}`,
      { remedy: 'Disconnect it first.' },
    ),
  notConnected: (container: string, network: string): GantryError =>
    new GantryError(
      code('NOT_CONNECTED'),
      'forbidden',
      `container ${container} is not connected to network ${network}`,
      { remedy: 'See "network inspect" for what is connected.' },
    ),
  deadLink: (target: string, alias: string): GantryError =>
    new GantryError(code('DEAD_LINK'), 'conflict', `Cannot link to a non running container: ${target} AS ${alias}`, {
      remedy: 'Start that container first.',
    }),
  sandboxMissing: (container: string): GantryError =>
    new GantryError(
      code('SANDBOX_MISSING'),
      'conflict',
      `cannot join network of a non running container: ${container}`,
      { remedy: 'Start that container first.' },
    ),
  portFailed: (endpoint: { readonly name: string; readonly id: string }, why: string, cause?: unknown): GantryError =>
    new GantryError(
      code('PORT_FAILED'),
      'internal',
      `driver failed programming external connectivity on endpoint ${endpoint.name} (${endpoint.id}): ${why}`,
      {
        cause,
        remedy: 'Publish another host port, or stop what uses this one.',
      },
    ),
  badPort: (text: string): GantryError =>
    new GantryError(code('BAD_PORT'), 'invalid', `invalid port specification: ${JSON.stringify(text)}`, {
      remedy: 'Write it like 8080:80/tcp.',
    }),
  badFilterValue: (name: string, value: string): GantryError =>
    new GantryError(code('BAD_FILTER_VALUE'), 'invalid', `invalid filter: '${name}'='${value}'`, {
      remedy: 'Use custom or builtin.',
    }),
  badFilter: (name: string): GantryError =>
    new GantryError(code('BAD_FILTER'), 'invalid', `Invalid filter '${name}'`, {
      remedy: 'Use dangling, driver, id, label, name, scope or type.',
    }),
} as const
