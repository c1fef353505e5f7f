/** What expressions about devices may name: `device`, with the sizes that the API allows (dynamic-resource-allocation/cel, v1.36). */
import { type CelType, boolType, dynType, mapType, stringType } from './cel-type.ts'
import { type CelEnvironment, celEnvironment } from './environment.ts'
import { quantityType } from './named-types.ts'

const entriesMost = 32
const domainType: CelType = { ...stringType, sizeMax: 63 }
const nameType: CelType = { ...stringType, sizeMax: 32 }
// An attribute is of no type until it is read; the longest one is a text.
const attributeType: CelType = { ...dynType, sizeMax: 64 }

function byDomainAndName(value: CelType): CelType {
  const inner: CelType = { ...mapType(nameType, value), sizeMax: entriesMost }
  return { ...mapType(domainType, inner), sizeMax: entriesMost }
}

const deviceType: CelType = {
  kind: 'object',
  name: 'kubernetes.DRADevice',
  fields: new Map(
    Object.entries({
      driver: domainType,
      allowMultipleAllocations: { ...boolType, sizeMax: 1 },
      attributes: byDomainAndName(attributeType),
      capacity: byDomainAndName(quantityType),
    }).map(([name, type]) => [name, { name, type }]),
  ),
}

/** The environment of device selectors. */
export const deviceEnvironment: CelEnvironment = celEnvironment({
  variables: { device: deviceType },
  writing: { hasBindings: true },
})
