/** A Dockerfile as stages of instructions. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Directives } from './directives.ts'
import type { ArgInstruction, FromInstruction, StageInstruction } from './instruction-types.ts'
import { checkSyntax, parseInstruction } from './parse-instruction.ts'
import { readStatements } from './read-statements.ts'

export interface Stage {
  readonly from: FromInstruction
  readonly instructions: readonly StageInstruction[]
}

export interface Dockerfile {
  readonly directives: Directives
  /** ARG instructions before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[]
  readonly stages: readonly Stage[]
  readonly warnings: readonly string[]
}

/** Parses a whole file. Throws `invalid` with the message of Docker's classic builder; words that cannot be read come first. */
export function parseDockerfile(text: string): Dockerfile {
  const { directives, statements, warnings } = readStatements(text)
  for (const statement of statements) checkSyntax(statement, directives.escape)
  const globalArgs: ArgInstruction[] = []
  const stages: { from: FromInstruction; instructions: StageInstruction[] }[] = []
  for (const statement of statements) {
    const instruction = parseInstruction(statement, directives.escape)
    const stage = stages.at(-1)
    if (instruction.kind === 'from') stages.push({ from: instruction, instructions: [] })
    else if (stage !== undefined) stage.instructions.push(instruction)
    else if (instruction.kind === 'arg') globalArgs.push(instruction)
    else throw noStage()
  }
  if (stages.length === 0) throw noStage()
  return { directives, globalArgs, stages, warnings }
}

function noStage(): GantryError {
  return new GantryError('DOCKERFILE_NO_STAGE', 'invalid', 'no build stage in current context', {
    remedy: 'Begin the Dockerfile with FROM; only ARG may stand before it.',
  })
}
