/**
 * YAML as Kubernetes reads it: YAML 1.1 scalars (`yes` is true, `0o17` and `017` are octal) but no timestamps or binaries,
 * merge keys, string keys only. Bounded: aliases cannot multiply a small text into a large object.
 */
import {
  Document,
  isAlias,
  isCollection,
  isPair,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type ParsedNode,
  type YAMLError,
} from 'yaml'
import { GantryError } from '#base/errors/gantry-error.ts'
import { nestsDeeper } from './yaml-depth.ts'

/** Objects that aliases may add in one document. */
const aliasMax = 1000
const nestingMax = 500

/** One document of a stream. */
export interface YamlDocument {
  /** JSON value; undefined for an empty document. */
  readonly value: unknown
  /** Keys written twice, as upstream's strict reader words them, or undefined. */
  readonly duplicates: string | undefined
}

function yamlError(message: string, cause?: unknown): GantryError {
  return new GantryError('ENCODING_YAML', 'invalid', `error converting YAML to JSON: yaml: ${message}`, {
    cause,
    remedy: 'Check indentation and quotes at the line named.',
  })
}

/** The words of Go's YAML reader for the mistakes people make; others keep the library's. */
const goWords: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  BAD_INDENT: 'did not find expected key',
  MISSING_CHAR: "could not find expected ':'",
  TAB_AS_INDENT: 'found a tab character that violates indentation',
  BAD_SCALAR_START: 'found character that cannot start any token',
  MULTIPLE_ANCHORS: 'found duplicate anchor',
}

function syntaxError(error: YAMLError, text: string): GantryError {
  const line = error.linePos?.[0].line ?? 1
  const words = flowWords(error, text) ?? goWords[error.code] ?? error.message.split(' at line ')[0] ?? error.message
  return yamlError(`line ${line}: ${words}`, error)
}

/** What Go says of a list or map in brackets that does not go on as it must. */
function flowWords({ message, pos: [start] }: YAMLError, text: string): string | undefined {
  const which = /^Flow (map|sequence)/.exec(message)?.[1]
  if (which === undefined) return undefined
  const isOpen = /[[{,]\s*$/.test(text.slice(0, start))
  return isOpen ? 'did not find expected node content' : `did not find expected ',' or '${which === 'map' ? '}' : ']'}'`
}

/** Failures of aliases: of unknown ones, and of those that would multiply a small text. */
function aliasError(error: unknown): GantryError {
  if (!(error instanceof ReferenceError)) return yamlError('document cannot be read', error)
  const unknown = /^Unresolved alias .*: (.*)$/.exec(error.message)?.[1]
  const words =
    unknown === undefined ? 'document contains excessive aliasing' : `unknown anchor '${unknown}' referenced`
  return yamlError(words, error)
}

/** Looks for keys written twice and for nesting that recursion could not follow. */
function inspect(node: unknown, at: { readonly lines: LineCounter; readonly depth: number }, found: string[]): void {
  if (at.depth > nestingMax) throw yamlError('exceeded max depth')
  if (!isCollection(node)) return
  const seen = new Set<string>()
  const deeper = { lines: at.lines, depth: at.depth + 1 }
  for (const item of node.items) {
    if (!isPair(item)) {
      inspect(item, deeper, found)
      continue
    }
    const key = isScalar(item.key) ? String(item.key.value) : undefined
    if (key !== undefined && key !== '<<' && seen.has(key)) {
      const start = (item.key as ParsedNode).range[0]
      found.push(`  line ${at.lines.linePos(start).line}: key ${JSON.stringify(key)} already set in map`)
    }
    if (key !== undefined) seen.add(key)
    inspect(item.value, deeper, found)
  }
}

/** Keys as Go's conversion makes them: every key a string. Values that JSON has no form for are refused. */
function asJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Map) {
    const out: Record<string, unknown> = {}
    for (const [key, item] of value as Map<unknown, unknown>) {
      if (typeof key === 'object' && key !== null) throw yamlError('unsupported map key')
      const name = key === null ? 'null' : String(key as string | number | boolean | bigint)
      Object.defineProperty(out, name, { value: asJson(item), writable: true, enumerable: true, configurable: true })
    }
    return out
  }
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw yamlError(`unsupported value: ${value}`)
  return value
}

function readDocument(document: Document.Parsed, lines: LineCounter, text: string): YamlDocument {
  const [error] = document.errors
  if (error !== undefined) throw syntaxError(error, text)
  const duplicates: string[] = []
  inspect(document.contents, { lines, depth: 0 }, duplicates)
  let value: unknown
  try {
    value =
      document.contents === null || isAlias(document.contents)
        ? undefined
        : asJson(document.toJS({ mapAsMap: true, maxAliasCount: aliasMax }))
  } catch (error) {
    throw error instanceof GantryError ? error : aliasError(error)
  }
  const empty = document.contents === null || (isScalar(document.contents) && document.contents.source === '')
  return {
    value: empty ? undefined : value,
    duplicates: duplicates.length === 0 ? undefined : `yaml: unmarshal errors:\n${duplicates.join('\n')}`,
  }
}

/** All documents of a stream. Throws `ENCODING_YAML` with Go's sentence and the line. */
export function parseYamlDocuments(text: string): readonly YamlDocument[] {
  if (nestsDeeper(text, nestingMax)) throw yamlError('exceeded max depth')
  const lines = new LineCounter()
  let documents: ReturnType<typeof parseAllDocuments>
  try {
    documents = parseAllDocuments(text, {
      version: '1.1',
      schema: 'yaml-1.1',
      customTags: (tags) =>
        tags.filter((tag) => typeof tag === 'string' || !/:(?:timestamp|binary|omap|pairs|set)$/.test(tag.tag)),
      merge: true,
      uniqueKeys: false,
      lineCounter: lines,
      prettyErrors: true,
      logLevel: 'silent',
    })
  } catch (error) {
    // The parser follows nesting by recursion; a text that nests without end exhausts the stack.
    throw yamlError('exceeded max depth', error)
  }
  return Array.isArray(documents)
    ? documents.map((document) => readDocument(document as Document.Parsed, lines, text))
    : []
}

/** The first document, as the API server reads a body. Throws `ENCODING_YAML`. */
export function parseYaml(text: string): YamlDocument {
  return parseYamlDocuments(text)[0] ?? { value: undefined, duplicates: undefined }
}

/** A JSON value as YAML in kubectl's shape: keys sorted, sequences not indented, no line folding. */
export function formatYaml(value: unknown): string {
  const document = new Document(value, {
    version: '1.1',
    aliasDuplicateObjects: false,
    sortMapEntries: (a, b) => (String(a.key) < String(b.key) ? -1 : 1),
  })
  return document.toString({ indentSeq: false, lineWidth: 0 })
}
