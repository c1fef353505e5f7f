/** `--change` of commit and import: Dockerfile instructions applied to a configuration. Pure. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { checkSyntax, parseInstruction } from '#spec/dockerfile/parse-instruction.ts'
import { readStatements } from '#spec/dockerfile/read-statements.ts'
import type { Statement } from '#spec/dockerfile/read-statements.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { applyMetadata } from './apply-metadata.ts'
import type { MetadataInstruction, StageMetadata } from './apply-metadata.ts'
import { environmentOf } from './run-config.ts'

const allowed = new Set([
  'cmd',
  'entrypoint',
  'env',
  'expose',
  'healthcheck',
  'label',
  'onbuild',
  'user',
  'volume',
  'workdir',
])

/**
 * Applies instructions in order; each sees the environment that those before it left. Throws `invalid` in Docker's
 * words, before anything is applied when an instruction is of a kind that cannot change a configuration.
 */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  if (changes.length === 0) return config
  return withoutPlace(() => {
    const { statements, directives } = readStatements(changes.join('\n'))
    for (const statement of statements) checkSyntax(statement, directives.escape)
    const instructions = statements.map((statement) => parseChange(statement, directives.escape))
    let state: StageMetadata = { config, author: '', cmdSet: false }
    for (const instruction of instructions) {
      state = applyMetadata(instruction, state, { variables: environmentOf(state.config), escape: directives.escape })
    }
    return state.config
  })
}

function parseChange(statement: Statement, escape: string): MetadataInstruction {
  if (!allowed.has(statement.keyword)) throw invalidChange(`${statement.keyword} is not a valid change command`)
  return parseInstruction(statement, escape) as MetadataInstruction
}

/** Changes come from no file: what says where in a file is cut from messages. */
function withoutPlace<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof GantryError)) throw error
    throw invalidChange(
      messageOf(error).replace(/^(?:dockerfile parse error line \d+|failed to parse Dockerfile): /, ''),
      error,
    )
  }
}

function invalidChange(message: string, cause?: unknown): GantryError {
  return new GantryError('BUILD_CHANGE_INVALID', 'invalid', message, {
    cause,
    remedy: 'Correct the instruction given with --change.',
  })
}
