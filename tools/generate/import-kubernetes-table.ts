/**
 * Takes the interface facts of one Kubernetes release (path in argv[2]) and keeps what the product serves, as
 * `src/spec/kubernetes/schema/kubernetes.table.json`: the group versions on by default, the payload-only and
 * metrics ones, and every type they reach. Run once per release; `kubernetes-schema.ts` works from the result.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface FactField {
  readonly type: string
  readonly [key: string]: unknown
}
interface FactType {
  readonly kind: string
  readonly underlying?: string
  readonly fields?: readonly FactField[]
  readonly [key: string]: unknown
}
interface FactGroupVersion {
  readonly goPackage: string
  readonly group: string
  readonly version: string
  readonly role: string
  readonly enabledByDefault?: boolean
}
interface FactKind {
  readonly group: string
  readonly version: string
  readonly type: string
  readonly [key: string]: unknown
}
interface Facts {
  readonly kubernetes: string
  readonly groupVersions: readonly FactGroupVersion[]
  readonly kinds: readonly FactKind[]
  readonly types: Readonly<Record<string, FactType>>
}

const facts = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Facts
const old = new Set([
  'admission.k8s.io/v1beta1',
  'apidiscovery.k8s.io/v2beta1',
  'imagepolicy.k8s.io/v1alpha1',
  'custom.metrics.k8s.io/v1beta1',
  'meta.k8s.io/v1beta1',
])
const dropped = new Set([
  'kubebuilder',
  'genclient',
  'protobufMarkers',
  'lifecycle',
  'goAlias',
  'embedded',
  'defaultRef',
])

const groupVersions = facts.groupVersions.filter(
  (gv) => (gv.role !== 'served' || gv.enabledByDefault === true) && !old.has(`${gv.group}/${gv.version}`),
)
const served = new Set(groupVersions.map((gv) => `${gv.group}/${gv.version}`))
const kinds = facts.kinds.filter((kind) => served.has(`${kind.group}/${kind.version}`))

const wanted = new Set<string>()
function reach(typeText: string): void {
  for (const match of typeText.matchAll(/ref:([^<>,]+)/g)) {
    const name = match[1] ?? ''
    const type = facts.types[name]
    if (wanted.has(name) || type === undefined) continue
    wanted.add(name)
    if (type['encoding'] !== undefined) continue
    reach(type.underlying ?? '')
    for (const field of type.fields ?? []) reach(field.type)
  }
}
for (const kind of kinds) reach(`ref:${kind.type}`)
for (const name of ['k8s.io/apimachinery/pkg/runtime.Unknown', 'k8s.io/apimachinery/pkg/runtime.TypeMeta'])
  reach(`ref:${name}`)

const keep = (value: object): object => Object.fromEntries(Object.entries(value).filter(([key]) => !dropped.has(key)))
// Published as required, though the marker sits on the outer type only.
for (const field of facts.types['k8s.io/api/core/v1.EphemeralContainerCommon']?.fields ?? []) {
  if (field['json'] === 'name') Object.assign(field, { openapiRequired: true })
}
const lines: string[] = ['{', `"kubernetes": ${JSON.stringify(facts.kubernetes)},`, '"groupVersions": [']
lines.push(groupVersions.map((gv) => JSON.stringify(gv)).join(',\n'), '],', '"kinds": [')
lines.push(kinds.map((kind) => JSON.stringify(keep(kind))).join(',\n'), '],', '"types": {')
const types = [...wanted].sort().map((name) => {
  const type = facts.types[name] as FactType
  const fields = type.fields?.map(keep)
  return `${JSON.stringify(name)}: ${JSON.stringify(keep({ ...type, fields }))}`
})
lines.push(types.join(',\n'), '}', '}', '')
writeFileSync(new URL('../../src/spec/kubernetes/schema/kubernetes.table.json', import.meta.url), lines.join('\n'))
