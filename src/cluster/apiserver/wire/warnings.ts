/** Warning headers: each text once, within 4 kB together (RFC 7234, section 5.5). */

const totalMax = 4096
const textMax = 256

/** Header values for the texts. Control characters, which a header cannot carry, are left out. */
export function warningHeaders(texts: readonly string[]): readonly string[] {
  const out: string[] = []
  let total = 0
  for (const text of new Set(texts)) {
    // oxlint-disable-next-line no-control-regex
    const clean = text.replaceAll(/[\u0000-\u001f\u007f]/g, '')
    const whole = total + clean.length > totalMax ? clean.slice(0, textMax) : clean
    const quoted = `299 - "${whole.replaceAll(/["\\]/g, String.raw`\$&`)}"`
    total += whole.length
    if (total > totalMax * 2) break
    out.push(Buffer.from(quoted).toString('latin1'))
  }
  return out
}
