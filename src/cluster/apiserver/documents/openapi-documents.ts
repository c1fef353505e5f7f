/** OpenAPI documents, made when first asked for and kept until the served resources change. */
import { digestHex, digestOf } from '#base/data/digest.ts'
import { gnosticDocument } from '#spec/kubernetes/openapi/gnostic.ts'
import { openApiV2, openApiV3, type ExtraResources } from '#spec/kubernetes/openapi/documents.ts'
import type { Dialect } from '#spec/kubernetes/openapi/type-schema.ts'
import type { DescribeType } from '#spec/kubernetes/openapi/type-words.ts'
import { builtInKinds, groupVersionText } from '#spec/kubernetes/schema/kinds.ts'
import { type SchemaPart, withSchemaParts } from '../aggregation/remote-schemas.ts'
import type { ServedResources } from '../served-resource.ts'

/** Documents kept at the same time; each group version has one. */
const documentsMax = 2000

/** Where another server has the document of a group version. */
interface RemoteDocument {
  readonly group: string
  readonly version: string
  readonly openApi: string | undefined
}

interface Document {
  readonly bytes: Buffer
  readonly hash: string
}

export interface OpenApiOptions {
  readonly resources: ServedResources
  readonly serverVersion: string
  /** Descriptions of types and fields, if they can be had. */
  readonly readWords?: (() => Promise<DescribeType>) | undefined
  /** What custom resources add to the document of a group version (v3), or to that of all (v2). */
  readonly extra?: (dialect: Dialect, of?: { readonly group: string; readonly version: string }) => ExtraResources
}

/** The documents of one server. */
export class OpenApiDocuments {
  readonly #options: OpenApiOptions
  readonly #documents = new Map<string, { readonly revision: number; readonly document: Document }>()
  #remote: readonly SchemaPart[] = []
  #describeType: DescribeType | undefined
  #words: Promise<void> | undefined

  constructor(options: OpenApiOptions) {
    this.#options = options
  }

  /** Reads the words of the types, the first time that somebody asks for documents; without them documents are as good, but mute. */
  ready(): Promise<void> {
    return (this.#words ??= this.#readWords())
  }

  async #readWords(): Promise<void> {
    this.#describeType = await this.#options.readWords?.().catch(() => undefined)
  }

  /** `/openapi/v3`: where the document of each group version is, those of other servers included. */
  index(remote: readonly RemoteDocument[] = []): Buffer {
    const paths = this.#versions().map(({ group, version }) => {
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`
      const hash = this.#v3(group, version).hash
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const
    })
    const elsewhere = remote.flatMap(({ group, version, openApi }) =>
      openApi === undefined ? [] : [[`apis/${group}/${version}`, { serverRelativeURL: openApi }] as const],
    )
    return Buffer.from(`${JSON.stringify({ paths: Object.fromEntries([...paths, ...elsewhere]) })}\n`)
  }

  /** The v3 document of `api/v1` or `apis/GROUP/VERSION`, undefined when it is not served. */
  v3(path: string): Document | undefined {
    const match = /^(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path)
    if (match === null) return undefined
    const [, group = '', version = ''] = match
    if (!this.#versions().some((one) => one.group === group && one.version === version)) return undefined
    return this.#v3(group, version)
  }

  /** The v2 document as JSON or as the protobuf that old clients ask for, with the parts of other servers. */
  v2(isProtobuf: boolean, remote: readonly SchemaPart[] = []): Document {
    // The parts stay the same objects as long as they say the same.
    if (remote.length !== this.#remote.length || remote.some((part, index) => part !== this.#remote[index])) {
      this.#remote = remote
      for (const name of ['v2', 'v2 protobuf']) this.#documents.delete(name)
    }
    return this.#keep(isProtobuf ? 'v2 protobuf' : 'v2', this.#options.resources.revision, () => {
      const { extra, serverVersion } = this.#options
      const own = openApiV2({ extra: extra?.('v2'), serverVersion, describeType: this.#describeType })
      const document = withSchemaParts(own, remote)
      return isProtobuf ? gnosticDocument(document) : Buffer.from(`${JSON.stringify(document)}\n`)
    })
  }

  #versions(): readonly { readonly group: string; readonly version: string }[] {
    const seen = new Map<string, { readonly group: string; readonly version: string }>()
    for (const version of builtInKinds.served()) seen.set(groupVersionText(version), version)
    for (const { apiVersion, group, version } of this.#options.resources.all()) seen.set(apiVersion, { group, version })
    return [...seen.values()]
  }

  #v3(group: string, version: string): Document {
    return this.#keep(`v3 ${group}/${version}`, this.#options.resources.revisionOf(group), () => {
      const { extra, serverVersion } = this.#options
      const of = { group, version }
      return Buffer.from(
        `${JSON.stringify(openApiV3(of, { extra: extra?.('v3', of), serverVersion, describeType: this.#describeType }))}\n`,
      )
    })
  }

  #keep(name: string, revision: number, make: () => Buffer): Document {
    const kept = this.#documents.get(name)
    if (kept?.revision === revision) return kept.document
    // Groups that are gone leave theirs behind: a document too many is made anew rather than all kept for ever.
    if (this.#documents.size >= documentsMax) this.#documents.clear()
    const bytes = make()
    const document = { bytes, hash: digestHex(digestOf(bytes)).toUpperCase() }
    this.#documents.set(name, { revision, document })
    return document
  }
}
