/** Warnings about resources that are on their way out (v1.36). */

const deprecated: Readonly<Record<string, string>> = {
  '/v1/componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
  '/v1/endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
}

/** What a client of this resource should know, undefined for most. */
export function deprecationOf(of: {
  readonly group: string
  readonly version: string
  readonly resource: string
}): string | undefined {
  return deprecated[`${of.group}/${of.version}/${of.resource}`]
}
