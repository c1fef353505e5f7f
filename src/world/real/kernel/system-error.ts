/** Errors of system calls in Node's own shape, so that `errnoOf` and readers treat them as any other. */
import { getSystemErrorMap } from 'node:util'
import type { Libc } from './libc.ts'

/** A failed system call: `code` is the errno name, `syscall` the call. */
export interface SystemError extends Error {
  code: string
  errno: number
  syscall: string
  path?: string
}

/** The errno's name and words (`EBUSY`, `resource busy or locked`). */
export function describeErrno(errno: number): { readonly code: string; readonly words: string } {
  const known = getSystemErrorMap().get(-errno)
  return known === undefined ? { code: `E${errno}`, words: `errno ${errno}` } : { code: known[0], words: known[1] }
}

/** Makes the error of a call that failed with a positive errno; `subject` is the path or name it was about. */
export function systemError(call: string, errno: number, subject?: string): SystemError {
  const { code, words } = describeErrno(errno)
  const about = subject === undefined ? '' : ` '${subject}'`
  return Object.assign(new Error(`${code}: ${words}, ${call}${about}`), {
    code,
    errno: -errno,
    syscall: call,
    ...(subject === undefined ? {} : { path: subject }),
  })
}

/** Hands a call's result through, or throws its system error when it is negative. */
export function checkCall(libc: Libc, result: number, what: readonly [call: string, subject?: string]): number {
  if (result >= 0) return result
  throw systemError(what[0], libc.errno(), what[1])
}
