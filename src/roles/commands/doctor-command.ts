/** `gantry doctor`: what this machine has of what containers need, and what to do about the rest. */
import type { CommandHost } from './command-host.ts'
import { readFlags } from './command-flags.ts'
import { examineMachine } from '#roles/engine/examine-machine.ts'
import type { Finding } from '#roles/engine/examine-machine.ts'

const help = `Usage:  gantry doctor [OPTIONS]

Try everything that containers need of this machine, and say what to do where it is missing.
Exits with 1 when containers cannot run here.

Options:
      --help   Print this
`

/** The report as text. Pure. */
export function doctorReport(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length))
  const lines = findings.map(({ name, ok, needed, detail, remedy }) => {
    const mark = ok ? 'ok     ' : needed ? 'MISSING' : 'absent '
    return `${mark}  ${name.padEnd(width)}  ${detail}${remedy === '' ? '' : `\n${' '.repeat(width + 11)}${remedy}`}`
  })
  const lacks = findings.filter(({ ok, needed }) => needed && !ok).length
  const verdict =
    lacks === 0
      ? 'Containers can run here.'
      : `Containers cannot run here: ${lacks} thing${lacks === 1 ? ' is' : 's are'} missing. The client and the registry work all the same.`
  return `${lines.join('\n')}\n\n${verdict}\n`
}

/** Runs the command. @returns 0 when containers can run. */
export async function runDoctorCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = readFlags({ command: 'doctor', valued: [], switches: [] }, argv)
  if (flags.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const findings = await examineMachine(world)
  terminal.stdout.write(doctorReport(findings))
  return findings.every(({ ok, needed }) => ok || !needed) ? 0 : 1
}
