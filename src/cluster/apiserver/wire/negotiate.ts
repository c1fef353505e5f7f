/** What form a client wants its answer in: the Accept header against what a resource can be shown as. */
import { notAcceptable, notProduced } from '../status-errors.ts'

export type Encoding = 'json' | 'yaml' | 'protobuf'
export type Representation = 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

export interface Format {
  readonly encoding: Encoding
  readonly as: Representation
  /** `v1` or `v1beta1` of meta.k8s.io, for the representations. */
  readonly metaVersion: string
  readonly pretty: boolean
}

export interface Offer {
  /** Undefined types cannot be written as protobuf. */
  readonly protobuf: boolean
  readonly table: boolean
  readonly metadata: boolean
  /** What upstream's route says that it produces, where it looks before the answer is made: other types are refused by it. */
  readonly produces?: readonly string[]
}

const jsonFormat: Format = { encoding: 'json', as: 'object', metaVersion: 'v1', pretty: false }
const encodings: Readonly<Record<string, Encoding>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
}

/** The media type of each encoding. */
export const contentTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

interface Range {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
  readonly quality: number
}

/** The ranges of an Accept header, best first; one that is not wanted at all (`q=0`) is only the last, as upstream reads it. At most 32 count. */
export function parseAccept(header: string): readonly Range[] {
  const ranges = header.split(',', 32).map((part): Range => {
    const [type = '', ...rest] = part.split(';')
    const parameters: Record<string, string> = {}
    for (const parameter of rest) {
      const [name = '', value = ''] = parameter.split('=')
      parameters[name.trim().toLowerCase()] = value.trim()
    }
    const quality = Number(parameters['q'] ?? 1)
    return { type: type.trim().toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality }
  })
  return ranges.sort((a, b) => b.quality - a.quality || openness(a) - openness(b))
}

/** Of ranges that are wanted as much as each other, the one that says most counts. */
function openness({ type }: Range): number {
  return type === '*/*' ? 2 : type.endsWith('/*') ? 1 : 0
}

/** The format for an answer. @throws 406 when nothing that the client accepts is offered. */
export function negotiate(accept: string | undefined, offer: Offer, pretty: boolean = false): Format {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json')
    return pretty ? { ...jsonFormat, pretty } : jsonFormat
  return choose(accept, offer, pretty)
}

function choose(accept: string, offer: Offer, pretty: boolean): Format {
  const ranges = parseAccept(accept)
  const { produces } = offer
  if (produces !== undefined && !ranges.some(({ type }) => type === '*/*' || produces.includes(type)))
    throw notProduced(produces)
  const found = firstOffered(ranges, offer, pretty)
  if (found !== undefined) return found
  throw notAcceptable([
    'application/json',
    'application/yaml',
    ...(offer.protobuf ? ['application/vnd.kubernetes.protobuf'] : []),
  ])
}

/** The format for a failure: JSON for eyes when the client accepts none that there is. */
export function negotiateFailure(accept: string | undefined, pretty: boolean): Format {
  if (accept === undefined || accept === '') return { ...jsonFormat, pretty }
  const offer = { protobuf: true, table: false, metadata: false }
  return firstOffered(parseAccept(accept), offer, pretty) ?? { ...jsonFormat, pretty: true }
}

function firstOffered(ranges: readonly Range[], offer: Offer, pretty: boolean): Format | undefined {
  for (const range of ranges) {
    const encoding = encodings[range.type]
    if (encoding === undefined || (encoding === 'protobuf' && !offer.protobuf)) continue
    const as = representationOf(range, offer)
    if (as === undefined || (as === 'Table' && encoding === 'protobuf')) continue
    return { encoding, as, metaVersion: range.parameters['v'] ?? 'v1', pretty }
  }
  return undefined
}

function representationOf({ parameters }: Range, offer: Offer): Representation | undefined {
  const { as, g: group = '', v: version = '' } = parameters
  if (as === undefined) return 'object'
  if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined
  if (as === 'Table') return offer.table ? 'Table' : undefined
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return offer.metadata ? as : undefined
  return undefined
}
