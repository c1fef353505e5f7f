/** What an explanation is made of. */

/** One thing that was found out, what it rests on, and what helps. */
export interface Finding {
  readonly says: string
  readonly because?: readonly Finding[]
  readonly remedy?: string
}

export interface Explanation {
  /** `pod/web-1`, with its namespace behind it where it has one. */
  readonly subject: string
  /** The answer in one sentence. */
  readonly answer: string
  readonly findings: readonly Finding[]
}

/** A finding; empty reasons and remedies are left out. */
export function finding(says: string, because: readonly Finding[] = [], remedy = ''): Finding {
  return {
    says,
    ...(because.length === 0 ? {} : { because }),
    ...(remedy === '' ? {} : { remedy }),
  }
}

/** `1 pod`, `3 pods`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

const namesShown = 3

/** `a, b, c and 4 more`. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ')
  return names.length <= namesShown ? shown : `${shown} and ${names.length - namesShown} more`
}
