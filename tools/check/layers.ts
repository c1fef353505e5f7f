/**
 * The import rules, and the proof that they are checked at all: the checker reports success on zero modules when its
 * TypeScript is missing, so modules are counted, and a tree of seeded violations must fail with every rule's name.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './run-command.ts'

interface CruiseOutput {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly {
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string }
    }[]
  }
}

export interface LayersOutcome {
  readonly problems: readonly string[]
  readonly moduleCount: number
}

/** Rules that the seeded violations break, each once at least. */
export const seededRules: readonly string[] = [
  'base-and-spec-have-no-packages',
  'cluster-parts-do-not-import-each-other',
  'every-file-has-a-layer',
  'layer-base',
  'layer-cli',
  'layer-engine',
  'layer-kit',
  'no-cycles',
  'no-orphans',
  'no-unresolvable-imports',
  'nothing-imports-a-test',
  'only-roles-choose-a-world',
  'only-the-real-world-touches-node',
  'the-program-stands-alone',
]

async function cruise(root: string, folders: readonly string[], config: string): Promise<CruiseOutput> {
  const bin = join(import.meta.dirname, '../../node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const { output } = await runCommand(
    [
      process.execPath,
      bin,
      ...folders,
      '--config',
      config,
      '--output-type',
      'json',
      '--exclude',
      '^tools/check/fixtures/',
    ],
    { cwd: root },
  )
  const start = output.indexOf('{')
  if (start === -1) throw new Error(`the layer check did not run: ${output.slice(0, 500)}`)
  return JSON.parse(output.slice(start, output.lastIndexOf('}') + 1)) as CruiseOutput
}

/** Checks the tree at `root`; `fileCount` is how many TypeScript files must have been seen at least. */
export async function checkLayers(root: string, fileCount: number): Promise<LayersOutcome> {
  const config = join(root, 'dependency-cruiser.mjs')
  const folders = ['src', 'test', 'tools', 'bench', 'examples'].filter((folder) => existsSync(join(root, folder)))
  const [real, seeded] = await Promise.all([cruise(root, folders, config), cruiseFixture(config)])
  const problems = real.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
  const moduleCount = real.summary.totalCruised
  if (moduleCount < fileCount)
    problems.push(`only ${moduleCount} modules were checked, there are ${fileCount} source files`)
  return { problems: [...problems, ...seeded], moduleCount }
}

/** Problems of the check itself: seeded violations that it no longer finds. */
export async function cruiseFixture(config: string): Promise<string[]> {
  const fixture = join(import.meta.dirname, 'fixtures/layers')
  const { summary } = await cruise(fixture, ['src'], config)
  const found = new Set(summary.violations.map(({ rule }) => rule.name))
  return seededRules
    .filter((name) => !found.has(name))
    .map((name) => `the layer check no longer finds the seeded violation of ${name}`)
}
