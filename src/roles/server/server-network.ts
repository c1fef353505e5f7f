/** The flags of `gantry server` that say which addresses services and pods have; pure. */
import { familyOf } from '#cluster/apiserver/strategies/services/address-blocks.ts'
import { parseCidr } from '#spec/kubernetes/validation/ip-address.ts'

export interface NetworkFlags {
  /** Ranges of service addresses, the usual family first. */
  readonly serviceCidrs: readonly string[] | undefined
  /** Ranges of pod addresses likewise. */
  readonly podCidrs: readonly string[] | undefined
}

export const networkHelp: string = `      --service-cluster-ip-range CIDRS   Addresses of services, CIDR[,CIDR] for both families (default 10.96.0.0/16)
      --cluster-cidr CIDRS  Addresses of pods, likewise (default 10.244.0.0/16)
`

export const defaultNetwork: NetworkFlags = { serviceCidrs: undefined, podCidrs: undefined }

/** One block, or one of each family. @param bitsMost longest prefix by family */
function blocksOf(
  value: string,
  bits: Readonly<Record<string, readonly [least: number, most: number]>>,
): string[] | undefined {
  const blocks = value.split(',').map((one) => one.trim())
  const isFit = blocks.every((one) => {
    const [least, most] = bits[familyOf(one)] ?? [0, 0]
    const prefix = parseCidr(one)?.prefix ?? -1
    return prefix >= least && prefix <= most
  })
  return isFit && new Set(blocks.map(familyOf)).size === blocks.length ? blocks : undefined
}

type Read = (value: string, so: NetworkFlags) => NetworkFlags | undefined

/** What each flag's value changes; undefined for a value that it cannot have. */
export const networkReaders: Readonly<Record<string, Read>> = {
  '--service-cluster-ip-range': (value, so) => {
    const serviceCidrs = blocksOf(value, { IPv4: [1, 30], IPv6: [64, 126] })
    return serviceCidrs === undefined ? undefined : { ...so, serviceCidrs }
  },
  '--cluster-cidr': (value, so) => {
    const podCidrs = blocksOf(value, { IPv4: [1, 24], IPv6: [16, 64] })
    return podCidrs === undefined ? undefined : { ...so, podCidrs }
  },
}
