/** Keeping secrets out of logs: by the name of a field, and by what known secrets look like inside text. */

const secretName =
  /(?:password|passwd|secret|token|authorization|credential|cookie|private[_-]?key|api[_-]?key|x-registry-auth|x-registry-config|kubeconfig)s?$/i

const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}/gi, '$1 [hidden]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/g, '[hidden]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, '[hidden key]'],
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/]{1,200}):[^\s@/]{1,500}@/gi, '$1:[hidden]@'],
]

/** True for the name of a field whose value must not be printed. */
export function isSecretName(name: string): boolean {
  return secretName.test(name)
}

/** The text with bearer tokens, JWTs, private keys and passwords in URLs hidden. */
export function redactText(text: string): string {
  let result = text
  for (const [shape, replacement] of secretShapes) result = result.replace(shape, replacement)
  return result
}
