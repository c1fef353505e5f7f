/** Selectors of devices: expressions over `device`, as dynamic-resource-allocation/cel has them (v1.36). */
import { LruCache } from '#base/data/lru-cache.ts'
import { boolType, type CelType, dynType, mapType, stringType } from '#spec/kubernetes/cel/cel-type.ts'
import { CelGiven, type CelMap, type CelValue, JsonMap } from '#spec/kubernetes/cel/cel-value.ts'
import { type CelProgram, compileCel } from '#spec/kubernetes/cel/compile-cel.ts'
import { perCallLimit } from '#spec/kubernetes/cel/cel-limits.ts'
import { deviceEnvironment } from '#spec/kubernetes/cel/device-environment.ts'
import { celEnvironment } from '#spec/kubernetes/cel/environment.ts'
import { quantityType } from '#spec/kubernetes/cel/named-types.ts'
import { readJson } from '#spec/kubernetes/cel/read-json.ts'
import type { Device, DeviceAttribute, DeviceSelector } from '#spec/kubernetes/objects/resource-v1.generated.ts'

/** Whether a device suits a selector, or why nobody can tell: the selector cannot be compiled, or not be evaluated for it. */
export type MatchDevice = (selector: DeviceSelector, device: Device, driver: string) => SelectorAnswer
export type SelectorAnswer = boolean | { readonly fault: string }

const programsMost = 1000

type Named = Readonly<Record<string, unknown>>

/** A map of domains that has an empty one under every name, so that expressions need not ask first. */
class Domains implements CelMap {
  readonly isMap = true
  readonly #known: JsonMap

  constructor(known: JsonMap) {
    this.#known = known
  }

  get size(): number {
    return this.#known.size
  }

  find(key: CelValue): CelValue | undefined {
    return this.#known.find(key) ?? new JsonMap({}, () => null)
  }

  keys(): Iterable<CelValue> {
    return this.#known.keys()
  }
}

/** Values by domain and name; names without a domain belong to the driver's. */
function byDomain(values: Named, driver: string, type: CelType): CelGiven {
  const domains: Record<string, Record<string, unknown>> = {}
  for (const [qualified, value] of Object.entries(values)) {
    const slash = qualified.indexOf('/')
    const [domain, name] = slash < 0 ? [driver, qualified] : [qualified.slice(0, slash), qualified.slice(slash + 1)]
    const known = domains[domain] ?? {}
    known[name] = value
    domains[domain] = known
  }
  const inner = mapType(stringType, type)
  return new CelGiven(new Domains(new JsonMap(domains, (_name, json) => readJson(json, inner))))
}

/** Makes a matcher. It remembers programs, and for each device what they said. */
export function createDeviceMatcher(): MatchDevice {
  const programs = new LruCache<string, CelProgram | { readonly problem: string }>({ capacity: programsMost })
  const answers = new WeakMap<Device, Map<string, SelectorAnswer>>()
  const make = createValues()
  const programOf = (text: string): CelProgram | { readonly problem: string } => {
    let known = programs.get(text)
    if (known === undefined) {
      const compiled = compileCel(text, deviceEnvironment, { result: [boolType] })
      known = 'program' in compiled ? compiled.program : compiled
      programs.set(text, known)
    }
    return known
  }
  const view = (device: Device, driver: string): Named => ({
    driver,
    allowMultipleAllocations: device.allowMultipleAllocations ?? false,
    attributes: byDomain(mapValues(device.attributes ?? {}, make.attribute), driver, dynType),
    capacity: byDomain(
      mapValues(device.capacity ?? {}, ({ value }) => make.quantity(value)),
      driver,
      quantityType,
    ),
  })
  return ({ cel }, device, driver) => {
    const text = cel?.expression
    if (text === undefined) return false
    const known = answers.get(device) ?? new Map<string, SelectorAnswer>()
    answers.set(device, known)
    const key = `${driver} ${text}`
    let answer = known.get(key)
    if (answer === undefined) {
      answer = answerOf(programOf(text), () => view(device, driver))
      known.set(key, answer)
    }
    return answer
  }
}

function answerOf(program: CelProgram | { readonly problem: string }, device: () => Named): SelectorAnswer {
  if ('problem' in program) return { fault: `CEL compile error: ${program.problem}` }
  const outcome = program.evaluate({ device }, { costLimit: perCallLimit })
  return 'value' in outcome ? outcome.value === true : { fault: `CEL runtime error: ${outcome.failure.message}` }
}

function mapValues<T>(values: Readonly<Record<string, T>>, change: (value: T) => unknown): Named {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}

/** Values that only expressions can make. */
function createValues(): {
  readonly attribute: (attribute: DeviceAttribute) => unknown
  readonly quantity: (text: string) => unknown
} {
  const environment = celEnvironment({ variables: { text: stringType } })
  const maker = (call: string): ((text: string) => unknown) => {
    const compiled = compileCel(call, environment)
    if ('problem' in compiled) throw new Error(compiled.problem)
    return (text) => {
      const outcome = compiled.program.evaluate({ text }, { costLimit: perCallLimit })
      return 'value' in outcome ? outcome.value : null
    }
  }
  const version = maker('semver(text)')
  return {
    quantity: maker('quantity(text)'),
    attribute: (value) =>
      value.version === undefined ? (value.int ?? value.bool ?? value.string ?? null) : version(value.version),
  }
}
