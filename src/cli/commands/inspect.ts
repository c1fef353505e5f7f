/** `inspect`: shows the details of whatever has the name, tried kind by kind. */
import { isErrorKind } from '#base/errors/gantry-error.ts'
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atLeast } from '#cli/grammar/command.ts'
import type { Inspected } from './inspect-objects.ts'
import { inspectObjects } from './inspect-objects.ts'
import { inspectFormatFlag } from './list-flags.table.ts'

const routes: Readonly<Record<string, (name: string) => string>> = {
  container: (name) => `/containers${pathOf(name)}/json`,
  image: (name) => `/images${pathOf(name)}/json`,
  network: (name) => `/networks${pathOf(name)}`,
  volume: (name) => `/volumes${pathOf(name)}`,
  plugin: (name) => `/plugins${pathOf(name)}/json`,
  service: (name) => `/services${pathOf(name)}`,
  node: (name) => `/nodes${pathOf(name)}`,
  secret: (name) => `/secrets${pathOf(name)}`,
  config: (name) => `/configs${pathOf(name)}`,
  task: (name) => `/tasks${pathOf(name)}`,
}
/** What is tried when no type is given: the rest needs a swarm. */
const untyped = ['container', 'image', 'network', 'volume', 'plugin']

export const inspect: Verb = {
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  flags: [
    inspectFormatFlag,
    { name: 'size', short: 's', kind: 'bool', help: 'Show sizes of containers' },
    { name: 'type', kind: 'string', help: 'Only this kind of object', choices: Object.keys(routes) },
  ],
  count: atLeast(1),
  completes: 'containers',
  async run({ flags, args, session }) {
    const type = flags.text('type')
    if (flags.has('type') && type === '')
      throw failure(
        'type is empty: must be one of "config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"',
      )
    if (type !== '' && !(type in routes))
      throw failure(
        `unknown type: "${type}": must be one of "config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"`,
      )
    const client = await session.client()
    const types = type === '' ? untyped : [type]
    await inspectObjects(session, args, {
      format: flags.text('format'),
      find: (name) => findAny(client, name, { types, size: flags.bool('size') }),
    })
  },
}

async function findAny(
  client: EngineClient,
  name: string,
  { types, size }: { readonly types: readonly string[]; readonly size: boolean },
): Promise<Inspected> {
  for (const type of types) {
    try {
      const route = routes[type]
      if (route !== undefined)
        return {
          struct: type,
          text: await client.text('GET', route(name), { query: type === 'container' ? { size } : {} }),
        }
    } catch (error) {
      if (!isErrorKind(error, 'not-found') && !(type === 'plugin' && types.length > 1)) throw error
    }
  }
  throw failure(
    types.length === 1 ? `Error: No such ${types[0] ?? 'object'}: ${name}` : `Error: No such object: ${name}`,
  )
}
