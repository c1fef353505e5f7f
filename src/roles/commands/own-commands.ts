/** Gantry's own words; everything else on its command line is the docker grammar. Loads nothing before it is wanted. */
import type { CommandHost } from './command-host.ts'

export type Command = (argv: readonly string[], host: CommandHost) => Promise<number>

export interface OwnCommand {
  /** What is typed: `image bootstrap`. */
  readonly words: string
  readonly summary: string
  readonly load: () => Promise<Command>
}

const commands: readonly OwnCommand[] = [
  {
    words: 'demo',
    summary: 'Everything once: engine, base image, build, run, registry',
    load: async () => (await import('./demo-command.ts')).runDemoCommand,
  },
  {
    words: 'up',
    summary: 'Start the engine in the background',
    load: async () => (await import('./up-command.ts')).runUpCommand,
  },
  {
    words: 'status',
    summary: 'Show whether it runs and what it holds',
    load: async () => (await import('./status-command.ts')).runStatusCommand,
  },
  {
    words: 'down',
    summary: 'Stop it; --purge deletes its state too',
    load: async () => (await import('./down-command.ts')).runDownCommand,
  },
  {
    words: 'doctor',
    summary: 'What this machine has of what containers need',
    load: async () => (await import('./doctor-command.ts')).runDoctorCommand,
  },
  {
    words: 'engine',
    summary: 'Run an engine in the foreground',
    load: async () => (await import('./engine-command.ts')).runEngineCommand,
  },
  {
    words: 'image bootstrap',
    summary: 'Make a base image without a registry',
    load: async () => (await import('./image-command.ts')).runBootstrapCommand,
  },
  {
    words: 'registry',
    summary: 'Run a registry of images',
    load: async () => (await import('./registry-command.ts')).runRegistryCommand,
  },
  {
    words: 'server',
    summary: 'Run a Kubernetes control plane in the foreground',
    load: async () => (await import('./server-command.ts')).runServerCommand,
  },
  {
    words: 'server export',
    summary: 'Write the state of a running control plane to a file',
    load: async () => (await import('./server-export.ts')).runServerExport,
  },
  {
    words: 'why',
    summary: 'Say why an object of a cluster is as it is',
    load: async () => (await import('./why-command.ts')).runWhyCommand,
  },
]

/** The own command that a command line begins with, and the words behind it. */
export function findOwn(
  argv: readonly string[],
): { readonly command: OwnCommand; readonly rest: readonly string[] } | undefined {
  const line = `${argv.join(' ')} `
  const command = commands
    .filter(({ words }) => line.startsWith(`${words} `))
    .toSorted((a, b) => b.words.length - a.words.length)[0]
  return command === undefined ? undefined : { command, rest: argv.slice(command.words.split(' ').length) }
}

/** The own commands as `gantry --help` lists them, behind docker's. */
export function overview(): string {
  const width = Math.max(...commands.map(({ words }) => words.length))
  const lines = commands.map(({ words, summary }) => `  ${words.padEnd(width)}   ${summary}\n`)
  return `Own commands:
${lines.join('')}
Those of an engine, a registry or a server take --root DIR, so that several live side by side; all take --help.
`
}

/** Own commands' next words that begin with `current`, as completion scripts read them: a tab, what it does, a line each. */
export function completeOwn(before: readonly string[], current: string): string {
  const typed = before.map((word) => `${word} `).join('')
  return commands
    .filter(({ words }) => words.startsWith(typed + current) && !words.slice(typed.length).includes(' '))
    .map(({ words, summary }) => `${words.slice(typed.length)}\t${summary}\n`)
    .join('')
}

/** Flags that begin with `current` out of a command's help, in the same form. */
export function completeFlags(help: string, current: string): string {
  const found = new Map<string, string>()
  for (const line of help.split('\n').filter((one) => /^ +-/.test(one))) {
    const [flags = '', about = ''] = line.trim().split(/ {2,}(.*)/)
    for (const [flag] of flags.matchAll(/--[a-z][a-z-]*/g)) found.set(flag, about)
  }
  return Array.from(found, ([flag, about]) => `${flag}\t${about}\n`)
    .filter((line) => line.startsWith(current))
    .join('')
}
