/** Here-documents (`RUN <<EOF`, `COPY <<a <<b /dir/`): their markers in an instruction and their contents below it. */
import { splitWords } from './split-words.ts'

export interface HeredocMarker {
  /** The delimiter, without quotes; for COPY also the file's name. */
  readonly name: string
  /** False when the delimiter is quoted: variables stay as they are. */
  readonly expand: boolean
  /** `<<-`: leading tabs are dropped. */
  readonly dropTabs: boolean
  readonly descriptor: string
}

export interface Heredoc extends HeredocMarker {
  readonly content: string
}

/** The marker that a word is, or undefined. */
export function heredocMarker(word: string): HeredocMarker | undefined {
  const match = /^(\d*)<<(-?)(?:"([^"<>]+)"|'([^'<>]+)'|([^"'<>\s$]+))$/.exec(word)
  if (match === null) return undefined
  const quoted = match[3] ?? match[4]
  return {
    name: quoted ?? match[5] ?? '',
    expand: quoted === undefined,
    dropTabs: match[2] === '-',
    descriptor: match[1] ?? '',
  }
}

/** The markers in the arguments of an instruction, in order. */
export function heredocMarkers(rest: string, escape: string): HeredocMarker[] {
  if (!rest.includes('<<')) return []
  return splitWords(rest, escape).flatMap((word) => heredocMarker(word) ?? [])
}

/**
 * Reads the contents of markers from the lines that follow. Gives the documents and the index of the next line, or
 * the marker that the file ends in.
 */
export function readHeredocs(
  markers: readonly HeredocMarker[],
  lines: readonly string[],
  start: number,
): { readonly heredocs: readonly Heredoc[]; readonly next: number } | { readonly unterminated: string } {
  const heredocs: Heredoc[] = []
  let at = start
  for (const marker of markers) {
    let content = ''
    for (; ; at += 1) {
      const raw = lines[at]
      if (raw === undefined) return { unterminated: marker.name }
      const line = marker.dropTabs ? raw.replace(/^\t+/, '') : raw
      if (line === marker.name) break
      content += `${line}\n`
    }
    at += 1
    heredocs.push({ ...marker, content })
  }
  return { heredocs, next: at }
}
