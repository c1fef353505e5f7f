/** `--change` of commit and import: Dockerfile instructions applied to a configuration without a build. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseInstruction } from '#spec/dockerfile/parse-instruction.ts'
import { readStatements } from '#spec/dockerfile/read-statements.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import { applyMetadata } from './apply-metadata.ts'
import type { MetadataInstruction, StageMetadata } from './apply-metadata.ts'
import { environmentOf } from './run-config.ts'

/** Those that say something about configuration alone (moby `dockerfile.validCommitCommands`). */
const allowed = new Set([
  'cmd', 'entrypoint', 'env', 'expose', 'healthcheck', 'label', 'onbuild', 'stopsignal', 'user', 'volume', 'workdir',
])

/**
 * Applies instructions one after the other.
 * @throws GantryError invalid: "run is not a valid change command", or what is wrong with an instruction.
 */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const text = changes.join('\n')
  if (text.trim() === '') return config
  const { directives, statements } = readStatements(text)
  for (const { keyword } of statements) {
    if (allowed.has(keyword)) continue
    throw new GantryError('BUILD_CHANGE_INVALID', 'invalid', `${keyword} is not a valid change command`, {
      remedy: `Use one of ${[...allowed].map((word) => word.toUpperCase()).join(', ')}.`,
    })
  }
  let state: StageMetadata = { config, author: '', cmdSet: false }
  for (const statement of statements) {
    const instruction = parseInstruction(statement, directives.escape) as MetadataInstruction
    state = applyMetadata(instruction, state, { variables: environmentOf(state.config), escape: directives.escape })
  }
  return state.config
}
