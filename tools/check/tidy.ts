/** Rules that no other tool knows: names, READMEs, marks of unfinished work, paths of somebody's machine. */
import type { SourceTree } from './source-tree.ts'

const bannedWords = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'manager',
  'service',
  'shared',
  'data',
  'info',
  'core',
]

/** Words that name a thing of the domain although they are banned in general: Kubernetes' Service, docker's `info` command. */
const domainNames = /(?:^|\/)(?:cluster|cli|spec|test|clients|docs)\//

/** Level-two folders are those with code; a plain list of commands needs no README each. */
const codeFile = /\.(?:ts|tsx|mjs)$/

// Written apart, so that this file does not find itself.
const unfinished = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
const skippedTest = /\b(?:test|it|describe|suite)\.(?:skip|only|todo)\(|@ts-(?:ignore|nocheck)\b/
/** A unit test that measures how long something took fails on a machine that is busy. */
const stopWatch = /\b(?:performance|Date)\.now\(/
const unitTest = /^src\/.*\.(?:test|contract)\.ts$/
const machinePath = /(?<![\w.-])\/(?:work|home|Users)\/[a-z][\w.-]*\/[\w./-]+/
const quotedAllowed = /(?:example|alice|bob|user|me|node|app|docker|you)\//

/** Everything untidy, one line each. */
export function findUntidy(tree: SourceTree): string[] {
  return [...badNames(tree), ...missingReadmes(tree), ...badLines(tree), ...missingHeaders(tree)]
}

function badNames(tree: SourceTree): string[] {
  return tree.paths
    .filter((path) => codeFile.test(path) && hasBannedName(path))
    .map((path) => `${path}: the name says nothing; name the file for what it exports`)
}

function hasBannedName(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const stem = name.slice(0, name.indexOf('.'))
  return bannedWords.includes(stem) && !domainNames.test(path)
}

function missingReadmes(tree: SourceTree): string[] {
  const folders = new Set<string>()
  for (const path of tree.paths) {
    const folder = /^src\/[^/]+\/[^/]+(?=\/)/.exec(path)?.[0]
    if (folder !== undefined && codeFile.test(path)) folders.add(folder)
  }
  return [...folders]
    .toSorted()
    .filter((folder) => !tree.paths.includes(`${folder}/README.md`))
    .map((folder) => `${folder}: has no README.md`)
}

function badLines(tree: SourceTree): string[] {
  const found: string[] = []
  for (const path of tree.paths) {
    if (!/\.(?:ts|tsx|mjs|sh|md)$/.test(path) || path.includes('.generated.') || path.startsWith('tools/check/tidy'))
      continue
    for (const [index, line] of tree.read(path).split('\n').entries()) {
      const what = problemOf(line, path)
      if (what !== undefined) found.push(`${path}:${index + 1}: ${what}: ${line.trim().slice(0, 100)}`)
    }
  }
  return found
}

function problemOf(line: string, path: string): string | undefined {
  if (unfinished.test(line)) return 'a mark of unfinished work'
  if (codeFile.test(path) && skippedTest.test(line)) return 'a check or a test switched off'
  if (unitTest.test(path) && stopWatch.test(line)) return 'a test with a stop watch; wait for what is to come'
  const local = machinePath.exec(line)?.[0]
  if (local !== undefined && !quotedAllowed.test(local)) return 'a path of one machine'
  return undefined
}

/** Every source file opens with what it owns. */
function missingHeaders(tree: SourceTree): string[] {
  return tree.paths
    .filter(
      (path) =>
        path.startsWith('src/') && path.endsWith('.ts') && !/\.(?:test|contract|generated|table)\.ts$/.test(path),
    )
    .filter((path) => !/^(?:#!.*\n)?\s*\/[*/]/.test(tree.read(path)))
    .map((path) => `${path}: does not open with what it owns`)
}
