/** What a command of the program may use beside the world: its output, the program itself, the docker grammar. */
import type { Terminal } from '#world/ports/terminal.ts'
import type { World } from '#world/ports/world.ts'

export interface DockerRun {
  /** Keep its output instead of showing it. */
  readonly quiet?: boolean
  /** Added to the environment: `DOCKER_HOST`. */
  readonly env?: Readonly<Record<string, string>>
}

export interface CommandHost {
  readonly world: World
  readonly terminal: Terminal
  /** Words that start this program again: the runtime and its entry file. */
  readonly program: readonly string[]
  /** The folder of the project: examples lie in it. */
  readonly home: string
  /** Runs a docker command in this process; `output` is what it wrote where it was quiet. */
  docker(argv: readonly string[], options?: DockerRun): Promise<{ readonly exitCode: number; readonly output: string }>
}
