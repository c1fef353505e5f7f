import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkErrorCatalogue } from './error-catalogue.ts'
import { cruiseFixture } from './layers.ts'
import { runCommand } from './run-command.ts'
import { type SourceTree, treeOf } from './source-tree.ts'
import { findUntidy } from './tidy.ts'
import { checkGuides } from './guides.ts'
import { checkWalkthroughs } from './walkthroughs.ts'

function tree(files: Readonly<Record<string, string>>): SourceTree {
  return treeOf(Object.keys(files).toSorted(), (path) => files[path] ?? '')
}

test('the layer check finds every seeded violation', async () => {
  assert.deepEqual(await cruiseFixture(join(import.meta.dirname, '../../dependency-cruiser.mjs')), [])
})

test('untidy names, marks, machine paths, headers and missing READMEs are found', () => {
  const mark = 'TO' + 'DO'
  const found = findUntidy(
    tree({
      'src/base/x/README.md': '# x',
      'src/base/x/helpers.ts': '/** x */',
      'src/base/x/good.ts': '/** Owns good. */\nexport const good = 1',
      'src/base/x/bare.ts': 'export const bare = 1',
      'src/base/y/late.ts': `/** y */\n// ${mark}: later\nconst path = '${'/wo'}rk/project/file.ts'`,
      'src/base/x/off.test.ts': 'test' + '.skip(() => {})',
      'src/base/x/fast.test.ts': 'assert.ok(performance.now() - began < 50)',
      'docs/guide.md': 'open /home/user/project/file and /var/lib/gantry/file',
    }),
  )
  const [names, readmes, lines, headers] = [
    /helpers\.ts/,
    /base\/y: has no README/,
    /late\.ts:2|late\.ts:3|off\.test|fast\.test/,
    /bare\.ts: does not open/,
  ]
  for (const shape of [names, readmes, headers])
    assert.equal(found.filter((line) => shape.test(line)).length, 1, String(shape))
  assert.equal(found.filter((line) => lines.test(line)).length, 4)
  assert.equal(found.length, 7)
})

test('an error without remedy or component is found, one with a catalogue row is not', () => {
  const found = checkErrorCatalogue(
    tree({
      'src/a/b/errors.ts': "export const rows = { A_ROWED: { remedy: 'x' } }",
      'src/a/b/raise.ts': [
        "throw new GantryError('A_ROWED', 'invalid', `text (${x})`)",
        "throw new GantryError('A_BARE', 'conflict', 'x', { cause })",
        "throw new GantryError('PLAIN', 'internal', 'x')",
        "throw new GantryError('A_INTERNAL', 'internal', 'x')",
        "throw new GantryError(\n  'A_TOLD',\n  'conflict',\n  'x', { remedy: 'do y' })",
      ].join('\n'),
    }),
  )
  assert.deepEqual(found, [
    'src/a/b/raise.ts:2: A_BARE says nowhere what to do about it (remedy)',
    'src/a/b/raise.ts:3: PLAIN does not begin with its component',
  ])
})

test('a walkthrough that names what is not there is found', () => {
  const files: Record<string, string> = {
    'src/a.ts': 'export function real(): void {}',
    'docs/walkthroughs/run.md': '| 1 | `src/a.ts` | `real` and `unreal` |\n| 2 | `src/b.ts` | gone |',
    'docs/walkthroughs/long.md': Array.from({ length: 9 }, (_, index) => `\`src/f${index}.ts\``).join('\n'),
  }
  for (let index = 0; index < 9; index++) files[`src/f${index}.ts`] = ''
  assert.deepEqual(checkWalkthroughs(tree(files)), [
    'docs/walkthroughs/long.md: names 9 files; a walkthrough has at most 8',
    'docs/walkthroughs/run.md:1: unreal is not exported by src/a.ts',
    'docs/walkthroughs/run.md:2: src/b.ts does not exist',
  ])
})

test('a guide whose code is not the code that runs is found', () => {
  const block = (path: string, code: string): string => `\`\`\`ts ${path}\n${code}\n\`\`\`\n`
  const pages = {
    'examples/a.ts': 'one()\ntwo()\n',
    'docs/guides/good.md': block('examples/a.ts', 'two()'),
    'docs/guides/bad.md': `${block('examples/a.ts', 'three()')}${block('examples/b.ts', 'two()')}`,
  }
  assert.deepEqual(checkGuides(tree(pages)), [
    'docs/guides/bad.md: examples/a.ts does not hold: three() …',
    'docs/guides/bad.md: examples/b.ts does not exist',
  ])
})

test('a command that does not end is killed and says so', async () => {
  const result = await runCommand(['sleep', '30'], { timeoutMs: 50 })
  assert.deepEqual([result.ok, result.timedOut], [false, true])
  assert.equal((await runCommand(['no-such-program-here'])).ok, false)
})
