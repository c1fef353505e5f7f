/** Which capabilities a container gets: defaults, additions, removals, and what we ourselves may give. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { capabilityNames, defaultCapabilities } from '#spec/docker/capabilities.table.ts'

export interface CapabilityRequest {
  readonly add: readonly string[]
  readonly drop: readonly string[]
  readonly privileged: boolean
}

export interface CapabilityPlan {
  readonly granted: readonly string[]
  /** Asked for, but outside what this process may hand on. */
  readonly withheld: readonly string[]
}

function normalise(list: readonly string[], field: 'CapAdd' | 'CapDrop'): string[] {
  return list.map((raw) => {
    const upper = raw.toUpperCase()
    if (upper === 'ALL') return 'ALL'
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
    if (!capabilityNames.includes(name)) {
      throw new GantryError('ENGINE_CAPABILITY_UNKNOWN', 'invalid', `invalid ${field}: unknown capability: "${name}"`, {
        remedy: 'See capabilities(7) for the names.',
      })
    }
    return name
  })
}

/**
 * Docker's rules: privileged means all; `ALL` in add starts from all, in drop from none; then drops, then adds.
 * @param ownBits our bounding set, bit n = capability n: nothing outside it can be granted.
 * @throws GantryError for a name that is no capability.
 */
export function planCapabilities(request: CapabilityRequest, ownBits: bigint): CapabilityPlan {
  const add = normalise(request.add, 'CapAdd')
  const drop = normalise(request.drop, 'CapDrop')
  const known = capabilityNames.filter((_name, bit) => bit <= 40)
  const wanted = new Set<string>(
    selectBase({ all: known, wantsAll: request.privileged || add.includes('ALL'), wantsNone: drop.includes('ALL') }),
  )
  if (!request.privileged) {
    for (const name of drop) if (!add.includes(name)) wanted.delete(name)
    for (const name of add) if (name !== 'ALL') wanted.add(name)
  }
  const ours = (name: string): boolean => ((ownBits >> BigInt(capabilityNames.indexOf(name))) & 1n) === 1n
  const ordered = capabilityNames.filter((name) => wanted.has(name))
  return { granted: ordered.filter(ours), withheld: ordered.filter((name) => !ours(name)) }
}

function selectBase(wish: {
  readonly all: readonly string[]
  readonly wantsAll: boolean
  readonly wantsNone: boolean
}): readonly string[] {
  if (wish.wantsAll) return wish.all
  return wish.wantsNone ? [] : defaultCapabilities
}
