/** The program: the first word selects a role or a command; each is loaded only when it is wanted. */
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'

async function run(argv: readonly string[]): Promise<number> {
  const [word = '', ...rest] = argv
  if (word === 'engine') return (await import('#roles/engine-command.ts')).runEngineCommand(rest)
  return (await import('#cli/docker-cli.ts')).runProcessCli(argv)
}

try {
  process.exitCode = await run(process.argv.slice(2))
  // Monitors outlive an engine and hold pipes to it: those must not keep the process.
  if (process.argv[2] === 'engine') process.exit()
} catch (error) {
  const remedy = error instanceof GantryError && error.remedy !== undefined ? `\n${error.remedy}` : ''
  process.stderr.write(`gantry: ${messageOf(error)}${remedy}\n`)
  process.exitCode = 1
}
