/** `.dockerignore`: which paths of a build context stay behind (moby/patternmatcher). */
export interface IgnoreRules {
  /** True when a path (slash-separated, relative) is left out. */
  ignores(path: string): boolean
  /** True when something below an ignored folder may be kept by a later `!` rule. */
  mayKeepBelow(path: string): boolean
}

interface Rule {
  readonly keep: boolean
  readonly text: string
  readonly pattern: RegExp
}

/** The rules of an ignore file's text; later rules win. */
export function readIgnoreFile(text: string, extra: readonly string[] = []): IgnoreRules {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const rules = [...lines, ...extra].map(rule).filter((entry): entry is Rule => entry !== undefined)
  return {
    ignores(path) {
      let ignored = false
      for (const { keep, pattern } of rules) {
        if (ignored !== keep) continue
        if (matchesOrParent(pattern, path)) ignored = !keep
      }
      return ignored
    },
    mayKeepBelow: (path) =>
      rules.some(({ keep, text: kept }) => keep && (kept.startsWith(`${path}/`) || /[*?[]/.test(kept))),
  }
}

function matchesOrParent(pattern: RegExp, path: string): boolean {
  for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1))
    if (pattern.test(path.slice(0, at))) return true
  return false
}

function rule(line: string): Rule | undefined {
  const keep = line.startsWith('!')
  const parts: string[] = []
  for (const part of (keep ? line.slice(1).trim() : line).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  const text = parts.join('/')
  return text === '' ? undefined : { keep, text, pattern: new RegExp(`^${toRegExp(text)}$`, 's') }
}

function toRegExp(text: string): string {
  let out = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (text.startsWith('**', at)) {
      at += text.charAt(at + 2) === '/' ? 2 : 1
      out += at === text.length - 1 ? '.*' : '(?:.*/)?'
    } else if (character === '*') out += '[^/]*'
    else if (character === '?') out += '[^/]'
    else if (character === '\\' && at + 1 < text.length) out += escape(text.charAt((at += 1)))
    else if (character === '[' && text.includes(']', at)) {
      const end = text.indexOf(']', at)
      out += `[${text.slice(at + 1, end).replaceAll('\\', '\\\\')}]`
      at = end
    } else out += escape(character)
  }
  return out
}

function escape(character: string): string {
  return character.replace(/[.+^${}()|[\]\\*?]/, '\\$&')
}
