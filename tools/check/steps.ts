/** The steps of the gate, as data: what runs, and what a reader types to run it again. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkErrorCatalogue } from './error-catalogue.ts'
import { checkLayers } from './layers.ts'
import { type CommandResult, runCommand } from './run-command.ts'
import { openSourceTree } from './source-tree.ts'
import { findUntidy } from './tidy.ts'
import { checkGuides } from './guides.ts'
import { checkWalkthroughs } from './walkthroughs.ts'

export interface StepOutcome {
  readonly ok: boolean
  /** A few words for the summary: `214 tests`. */
  readonly note: string
  /** What a reader needs when it failed. */
  readonly output: string
}

export interface Step {
  readonly name: string
  /** Takes both cores by itself, so that nothing else runs beside it. */
  readonly isHeavy?: boolean
  run(root: string): Promise<StepOutcome>
}

const folders = (root: string): string[] =>
  ['src', 'test', 'tools', 'bench', 'examples'].filter((name) => existsSync(join(root, name)))

function bin(root: string, path: string): string[] {
  return [process.execPath, join(root, 'node_modules', path)]
}

function fromCommand(result: CommandResult, note: string): StepOutcome {
  const text = result.timedOut ? `${result.output}\nkilled: it did not end in time` : result.output
  return { ok: result.ok, note, output: text.trim() }
}

function fromProblems(problems: readonly string[], note: string): StepOutcome {
  return {
    ok: problems.length === 0,
    note: problems.length === 0 ? note : `${problems.length} problems`,
    output: problems.join('\n'),
  }
}

/** A bound for what hangs, not a budget: half a core of an old machine shall come to the end of all tests. */
const testsWithinMs = 15 * 60_000

/** Runs test files in one process and sums up. */
async function runTests(root: string, pattern: string): Promise<StepOutcome> {
  const files = globSync(pattern, { cwd: root }).filter((path) => !path.startsWith('tools/check/fixtures/'))
  if (files.length === 0) return { ok: true, note: 'no tests', output: '' }
  const argv = [
    process.execPath,
    '-C',
    'source',
    '--test',
    '--test-isolation=none',
    '--test-reporter=spec',
    ...files.toSorted(),
  ]
  const result = await runCommand(argv, { cwd: root, timeoutMs: testsWithinMs })
  const count = (word: string): number => Number(new RegExp(`^ℹ ${word} (\\d+)`, 'm').exec(result.output)?.[1] ?? 0)
  const [passed, failed, skipped] = [count('pass'), count('fail'), count('skipped')]
  const at = result.output.indexOf('✖ failing tests:')
  // Where the run hangs, the last tests that ended tell best where.
  const failures = at === -1 ? result.output.split('\n').slice(-40).join('\n') : result.output.slice(at)
  const note = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''} in ${files.length} files`
  // A run that tells no count did not test anything, whatever its exit code says.
  const ok = result.ok && passed > 0 && failed === 0
  return { ok, note, output: fromCommand({ ...result, output: failures }, '').output }
}

/** Every step, in the order of the summary. */
export const steps: readonly Step[] = [
  {
    name: 'format',
    run: async (root) =>
      fromCommand(
        await runCommand([...bin(root, 'oxfmt/bin/oxfmt'), '--list-different', ...folders(root)], { cwd: root }),
        '',
      ),
  },
  {
    name: 'lint',
    run: async (root) => {
      const result = await runCommand(
        [...bin(root, 'oxlint/bin/oxlint'), '--type-aware', '--format=unix', ...folders(root)],
        { cwd: root },
      )
      return fromCommand(result, /^\d+ problems?$/m.exec(result.output)?.[0] ?? '')
    },
  },
  {
    name: 'types',
    run: async (root) => {
      const result = await runCommand([...bin(root, '@typescript/native/bin/tsc'), '--noEmit'], { cwd: root })
      const count = result.output.match(/error TS\d+/g)?.length ?? 0
      return fromCommand(result, count === 0 ? '' : `${count} errors`)
    },
  },
  {
    name: 'layers',
    run: async (root) => {
      const count = openSourceTree(root).paths.filter((path) => /^src\/.*\.ts$/.test(path)).length
      const { problems, moduleCount } = await checkLayers(root, count)
      return fromProblems(problems, `${moduleCount} modules`)
    },
  },
  {
    name: 'dead-code',
    run: async (root) => {
      const result = await runCommand([...bin(root, 'knip/bin/knip.js'), '--no-progress', '--reporter', 'compact'], {
        cwd: root,
      })
      return fromCommand(result, '')
    },
  },
  {
    name: 'generated',
    run: async (root) => {
      const path = 'tools/generate/generate.ts'
      if (!existsSync(join(root, path))) return { ok: true, note: 'nothing generated', output: '' }
      return fromCommand(await runCommand([process.execPath, '-C', 'source', path, '--check'], { cwd: root }), '')
    },
  },
  {
    name: 'walkthroughs',
    run: (root) => {
      const tree = openSourceTree(root)
      return Promise.resolve(fromProblems([...checkWalkthroughs(tree), ...checkGuides(tree)], ''))
    },
  },
  {
    name: 'errors',
    run: (root) => Promise.resolve(fromProblems(checkErrorCatalogue(openSourceTree(root)), '')),
  },
  {
    name: 'tidy',
    run: (root) => {
      const tree = openSourceTree(root)
      return Promise.resolve(fromProblems(findUntidy(tree), `${tree.paths.length} files`))
    },
  },
  { name: 'unit', isHeavy: true, run: (root) => runTests(root, '{src,tools,examples}/**/*.test.ts') },
  { name: 'golden', isHeavy: true, run: (root) => runTests(root, 'test/golden/**/*.test.ts') },
]

/** The packages' own word for the version of Node that the tree asks for; the gate itself must run on it. */
export function minimumNodeMajor(root: string): number {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
  return Number(/\d+/.exec(engines.node)?.[0] ?? 0)
}
