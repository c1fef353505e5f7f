/** Signal names and numbers on Linux (x86 and arm numbering), as `docker kill -s` accepts them. */

export const signalNumbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
  RTMIN: 34,
  RTMAX: 64,
}

/** The number of a signal given as `KILL`, `SIGKILL`, `RTMIN+3` or `9`; undefined when there is no such signal. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return number > 0 && number <= 64 ? number : undefined
  }
  const name = text.toUpperCase().replace(/^SIG/, '')
  const offset = /^(RTMIN|RTMAX)([+-]\d+)$/.exec(name)
  if (offset !== null) {
    const number = (signalNumbers[offset[1] ?? ''] ?? 0) + Number(offset[2])
    return number >= 34 && number <= 64 ? number : undefined
  }
  return signalNumbers[name]
}
