/**
 * Transcripts of an API: what was sent and what came back, as text that a person reads and a test compares.
 *
 *     === a title                         begins a chapter; the engine is cleared between chapters
 *     POST /volumes/create                a request; `{id}` stands for the last `Id` of a reply
 *     {"Name":"golden"}                   its body: JSON on one line, or `@context` and `@image` for archives
 *     --- 201 application/json            the reply: status and type, then its content
 *     { "Name": "golden" }
 */

export interface GoldenRequest {
  readonly method: string
  readonly path: string
  /** JSON text, or the name of an archive with an `@`. */
  readonly body: string | undefined
}

export interface GoldenStep {
  readonly request: GoldenRequest
  /** The reply as it was written down, without its last newline. */
  readonly reply: string
}

export interface GoldenChapter {
  readonly title: string
  readonly steps: readonly GoldenStep[]
}

const methods = /^(GET|HEAD|POST|PUT|DELETE) (\S+)$/

function readStep(lines: readonly string[]): GoldenStep {
  const [, method = '', path = ''] = methods.exec(lines[0] ?? '') ?? []
  const rule = lines.findIndex((line) => line.startsWith('---'))
  const end = rule < 0 ? lines.length : rule
  const body = lines.slice(1, end).join('\n').trim()
  return {
    request: { method, path, body: body === '' ? undefined : body },
    reply: rule < 0 ? '' : lines.slice(rule).join('\n').trimEnd(),
  }
}

/** Takes a transcript apart. What stands before its first chapter is for its readers. */
export function readTranscript(text: string): { readonly head: string; readonly chapters: readonly GoldenChapter[] } {
  const [head = '', ...parts] = text.split(/^=== /m)
  const chapters = parts.map((part) => {
    const [title = '', ...lines] = part.split('\n')
    const starts = lines.flatMap((line, at) => (methods.test(line) ? [at] : []))
    return { title, steps: starts.map((start, at) => readStep(lines.slice(start, starts[at + 1]))) }
  })
  return { head, chapters }
}

/** The text of chapters, as `readTranscript` takes it. */
export function writeTranscript(head: string, chapters: readonly GoldenChapter[]): string {
  const steps = ({ request: { method, path, body }, reply }: GoldenStep): string =>
    [`${method} ${path}`, ...(body === undefined ? [] : [body]), reply, ''].join('\n')
  return head + chapters.map((chapter) => [`=== ${chapter.title}`, ...chapter.steps.map(steps)].join('\n')).join('\n')
}

/** Replaces what differs from run to run: ids by numbers in the order in which they appear, times, addresses, folders. */
export class Normaliser {
  readonly #ids = new Map<string, string>()
  readonly #words: readonly (readonly [pattern: RegExp, word: string])[]

  constructor(root: string) {
    this.#words = [
      [new RegExp(root, 'g'), '<root>'],
      [/\/run\/gantry\/[0-9a-f]+/g, '<run>'],
      [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
      [/"(Created|time|timeNano|Pid|Started|LastTagTime)": ?-?[1-9]\d*/g, '"$1": "<number>"'],
      [/"(Status)": "(Exited \(\d+\)|Up) [^"]*"/g, '"$1": "$2 <while>"'],
      [/"CgroupnsMode": "\w+"/g, '"CgroupnsMode": "<mode>"'],
      [/\b10\.\d+\.\d+\.\d+\b/g, '<address>'],
      [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '<mac>'],
      [/\bgw[0-9a-z]+\b|\bve[0-9a-f]{13}\b/g, '<link>'],
    ]
  }

  apply(text: string): string {
    const numbered = text
      .replaceAll(/\b[0-9a-f]{64}\b/g, (id) => this.#name(id))
      .replaceAll(/\b[0-9a-f]{12}\b/g, (id) => this.#shortName(id))
    return this.#words.reduce((done, [pattern, word]) => done.replaceAll(pattern, word), numbered)
  }

  #name(id: string): string {
    // Go's zero time and empty digests are the same in every run.
    if (/^0+$/.test(id)) return id
    const known = this.#ids.get(id) ?? `<id ${this.#ids.size + 1}>`
    this.#ids.set(id, known)
    return known
  }

  #shortName(short: string): string {
    const [, name] = [...this.#ids].find(([id]) => id.startsWith(short)) ?? []
    return name === undefined ? '<short id>' : name.replace('<id', '<short id')
  }
}

/** Frames of Docker's multiplexed streams as lines `stdout: text`; undefined when the bytes are none. */
export function framesOf(bytes: Buffer): string | undefined {
  const lines: string[] = []
  for (let at = 0; at < bytes.length;) {
    const stream = ['stdin', 'stdout', 'stderr'][bytes[at] ?? 9]
    const end = at + 8 + (bytes.length >= at + 8 ? bytes.readUInt32BE(at + 4) : bytes.length)
    if (stream === undefined || end > bytes.length) return undefined
    lines.push(`${stream}: ${JSON.stringify(bytes.toString('utf8', at + 8, end))}`)
    at = end
  }
  return lines.join('\n')
}

/** A reply's content for reading: JSON with sorted keys, JSON lines one by one, streams as frames, anything else as it is. */
export function showContent(bytes: Buffer, contentType: string): string {
  if (bytes.length === 0) return ''
  if (contentType.includes('stream')) return framesOf(bytes) ?? JSON.stringify(bytes.toString('utf8'))
  if (contentType.includes('x-tar')) return `(a tar of ${bytes.length > 0 ? 'some' : 'no'} bytes)`
  const text = bytes.toString('utf8').trimEnd()
  if (!contentType.includes('json')) return text
  try {
    return JSON.stringify(sortKeys(JSON.parse(text)), undefined, 2)
  } catch {
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line) => JSON.stringify(sortKeys(JSON.parse(line))))
      .join('\n')
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, one]) => [key, sortKeys(one)]))
}
