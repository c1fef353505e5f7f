/** The architecture page: a fixed introduction and a diagram and table made from the import rules and the READMEs. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SourceTree } from '../check/source-tree.ts'

type LayerRules = Readonly<Record<string, readonly string[]>>

const introduction = `# Architecture

Gantry is one program of two halves that meet only through public APIs and small interfaces: the engine (images,
containers, networks, volumes, builder, registry) and the cluster (API server, scheduler, controllers, simulated
nodes). Imports flow one way, down the diagram; \`dependency-cruiser.mjs\` holds the rules as data and
\`npm run check -- layers\` enforces them. \`roles\` alone composes the parts; everything else takes what it needs as
arguments. Whatever waits for or observes the machine goes through \`world/ports\`, so that the deciding parts run
deterministically on a seed. Errors are \`GantryError\` values; each edge words them as its clients expect.
`

/** The page as Markdown. */
export async function renderArchitecture(root: string, tree: SourceTree): Promise<string> {
  const rules = (await import(pathToFileURL(join(root, 'dependency-cruiser.mjs')).href)) as { layers: LayerRules }
  const { layers } = rules
  return [
    introduction,
    '## Layers',
    '',
    'An arrow reads "may import". Arrows that follow from others are left out.',
    '',
    '```mermaid',
    'flowchart TD',
    ...Object.keys(layers).map((name) => `  ${name}`),
    ...drawArrows(layers),
    '```',
    '',
    '| layer | folders | may import, besides itself |',
    '| --- | --- | --- |',
    ...Object.entries(layers).map(
      ([name, below]) =>
        `| \`${name}\` | ${foldersOf(name, tree)} | ${below.length === 0 ? 'nothing' : below.join(', ')} |`,
    ),
    '',
    'Further rules: parts of `cluster` do not import each other; only `roles`, `main.ts` and tests choose between',
    '`world/real` and `world/sim`; `base` and `spec` use no packages; Node’s effectful modules are used in `world/real`,',
    '`kit/grpc`, `kit/http`, `kit/store` and `kit/tls` only.',
    '',
  ].join('\n')
}

/** Direct arrows only: what can be reached through another allowed layer is implied. */
function drawArrows(layers: LayerRules): string[] {
  return Object.entries(layers).flatMap(([name, below]) =>
    below
      .filter((target) => !below.some((between) => layers[between]?.includes(target) === true))
      .map((target) => `  ${name} --> ${target}`),
  )
}

function foldersOf(layer: string, tree: SourceTree): string {
  const folders = new Set<string>()
  for (const path of tree.paths) {
    const folder = new RegExp(`^src/${layer}/([^/]+)/`).exec(path)?.[1]
    if (folder !== undefined) folders.add(folder)
  }
  return [...folders]
    .toSorted()
    .map((folder) => `\`${folder}\``)
    .join(' ')
}
