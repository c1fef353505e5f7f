/** Which kinds there are to upstream's decoders, and how they say that one is not (runtime.Scheme, v1.36). */
import { decodeError, jsonWord } from '#spec/kubernetes/decode/decode-error.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { builtInKinds } from '#spec/kubernetes/schema/kinds.ts'

/** Where upstream registers the kinds of a group, as its refusals name it. The others know each other's kinds. */
const ownSchemes: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io': 'pkg/apiserver/apiserver.go:55',
  'apiregistration.k8s.io': 'pkg/apiserver/scheme/scheme.go:28',
}
const commonScheme = 'pkg/api/legacyscheme/scheme.go:30'

/** Kinds that every version has besides its own. */
const metaKinds: ReadonlySet<string> = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'Status',
  'UpdateOptions',
  'WatchEvent',
])

/** Why a kind is none to the decoder of a group's resources; undefined when it is one. */
export function registrationProblem(
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  group: string,
): string | undefined {
  const scheme = ownSchemes[group]
  if ((scheme === undefined || groupOf(apiVersion) === group) && isKind(apiVersion, kind)) return undefined
  return `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ${JSON.stringify(scheme ?? commonScheme)}`
}

/** Kind and version are texts, or left out. @throws `KUBERNETES_DECODE`. */
export function checkTypeTexts(tree: JsonObject): void {
  for (const member of ['apiVersion', 'kind']) {
    const value = tree[member]
    if (value === undefined || value === null || typeof value === 'string') continue
    const why = `json: cannot unmarshal ${jsonWord(value)} into Go struct field .${member} of type string`
    throw decodeError(`couldn't get version/kind; json parse error: ${why}`)
  }
}

/** `apps` of `apps/v1`, nothing of `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

function isKind(apiVersion: string, kind: string): boolean {
  if (builtInKinds.findKind(apiVersion, kind) !== undefined) return true
  if (kind.endsWith('List') && builtInKinds.findKind(apiVersion, kind.slice(0, -'List'.length)) !== undefined)
    return true
  const group = groupOf(apiVersion)
  const isServed = builtInKinds.servedGroups().some((one) => one.group === group)
  return isServed && metaKinds.has(kind)
}
