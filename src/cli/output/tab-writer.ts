/** Aligns tab-separated text in columns as Go's text/tabwriter does: a column is a block of neighbouring lines that have it. */
import { displayWidth } from './display-width.ts'

export interface TabLayout {
  /** Least width of a column, padding included. */
  readonly minWidth: number
  readonly padding: number
}

/** How the docker client lays out listings. */
export const listingLayout: TabLayout = { minWidth: 10, padding: 3 }

/** `text` with each tab replaced by the spaces that its column needs. The last cell of a line is never padded. */
export function alignColumns(text: string, layout: TabLayout = listingLayout): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const out = lines.map(() => '')
  layOut({ lines, out, layout }, { from: 0, to: lines.length }, [])
  return out.join('\n')
}

interface Work {
  readonly lines: readonly (readonly string[])[]
  readonly out: string[]
  readonly layout: TabLayout
}

function layOut(
  work: Work,
  { from, to }: { readonly from: number; readonly to: number },
  widths: readonly number[],
): void {
  const column = widths.length
  let start = from
  for (let at = from; at < to; at += 1) {
    if (column >= cellCount(work, at)) continue
    writeLines(work, { from: start, to: at }, widths)
    start = at
    let width = work.layout.minWidth
    for (; at < to && column < cellCount(work, at); at += 1) {
      width = Math.max(width, displayWidth(work.lines[at]?.[column] ?? '') + work.layout.padding)
    }
    layOut(work, { from: start, to: at }, [...widths, width])
    start = at
    at -= 1
  }
  writeLines(work, { from: start, to }, widths)
}

/** Cells that a tab ends: the last one of a line belongs to no column. */
function cellCount(work: Work, line: number): number {
  return (work.lines[line]?.length ?? 1) - 1
}

function writeLines(
  work: Work,
  { from, to }: { readonly from: number; readonly to: number },
  widths: readonly number[],
): void {
  for (let at = from; at < to; at += 1) {
    const cells = work.lines[at] ?? []
    work.out[at] = cells
      .map((cell, index) =>
        index < widths.length ? cell + ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(cell))) : cell,
      )
      .join('')
  }
}
