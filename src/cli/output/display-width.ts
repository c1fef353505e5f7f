/** How many columns text takes on a terminal, and cutting it to a width. */

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u
// oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g

/** Columns of `text`: East Asian wide characters take two, combining marks and colour sequences none. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text.replace(escapes, '')) width += widthOf(character)
  return width
}

function widthOf(character: string): number {
  if (wide.test(character)) return 2
  return /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u.test(character) ? 0 : 1
}

/** `text` cut to `columns`, the last one an ellipsis when something was cut (docker's formatter.Ellipsis). */
export function ellipsis(text: string, columns: number): string {
  if (columns <= 0) return ''
  if (displayWidth(text) <= columns) return text
  let out = ''
  let width = 0
  for (const character of text) {
    width += widthOf(character)
    if (width > columns - 1) break
    out += character
  }
  return `${out}…`
}
