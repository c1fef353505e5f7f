/** `gantry why`: says why an object is as it is, who set a field of it, or why somebody may not do something. */
import { join } from 'node:path'
import { GantryError } from '#base/errors/gantry-error.ts'
import { connectKubeClient } from '#clients/kubernetes/connect.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { readKubeconfig } from '#clients/kubernetes/kubeconfig.ts'
import type { Explanation } from '#cluster/why/finding.ts'
import { printExplanation } from '#cluster/why/print-explanation.ts'
import type { World } from '#world/ports/world.ts'
import { kubeconfigPath } from '#roles/cluster/connect-cluster.ts'
import { type CommandFlags, lastValue, readFlags } from './command-flags.ts'
import type { CommandHost } from './command-host.ts'
import { type Asking, whyAccess, whyObject } from './ask-why.ts'
import { usageError } from '#roles/usage-error.ts'

const help = `Usage:  gantry why KIND/NAME [OPTIONS]
        gantry why VERB RESOURCE[/NAME] --as USER [OPTIONS]

Say why a pod waits, a rollout stands, something is not ready or not gone, who set a field, or who may do what

Options:
  -n, --namespace NS     The namespace (default: the context's, else default)
      --field PATH       Who set this field: spec.replicas, spec.template.spec.containers[web].image
      --as USER          Ask about an access of this user: gantry why create deployments.apps --as jane
      --as-group GROUP   A group that the user is in; may be given several times
  -o, --output FORMAT    text or json (default text)
      --kubeconfig FILE  The cluster (default: $KUBECONFIG, else ~/.kube/config)
      --context NAME     A context of that file
      --help             Print this

Exits with 0 when there is an answer, with 1 when there is no such object.
`

const shape = {
  command: 'why',
  valued: ['namespace', 'field', 'as', 'as-group', 'output', 'kubeconfig', 'context'],
  switches: [],
  wordsMax: 2,
}
const shorthands: Readonly<Record<string, string>> = { '-n': '--namespace', '-o': '--output' }

/** Runs the command. @returns the exit code. */
export async function runWhyCommand(argv: readonly string[], { world, terminal }: CommandHost): Promise<number> {
  const flags = readFlags(
    shape,
    argv.map((word) => shorthands[word] ?? word),
  )
  if (flags.switches.has('help')) {
    terminal.stdout.write(help)
    return 0
  }
  const output = lastValue(flags, 'output') ?? 'text'
  if (output !== 'text' && output !== 'json') throw usageError('why', `unknown output format: ${output}`)
  const question = questionOf(flags)
  const { client, namespace: contextNamespace } = await connect(flags, world)
  await using _ = client
  const namespace = lastValue(flags, 'namespace') ?? contextNamespace
  const { explanation, found } = await explain(question, { client, world, namespace })
  terminal.stdout.write(output === 'json' ? `${JSON.stringify(explanation, null, 2)}\n` : printExplanation(explanation))
  return found ? 0 : 1
}

async function connect(
  flags: CommandFlags,
  { files, processes, clock }: World,
): Promise<{ readonly client: KubeClient; readonly namespace: string }> {
  const { env } = processes.self
  const path = lastValue(flags, 'kubeconfig') ?? kubeconfigPath(env)
  if (!(await files.exists(path)))
    throw new GantryError('WHY_NO_CLUSTER', 'invalid', `there is no kubeconfig at ${path}`, {
      remedy: 'Name one by --kubeconfig: gantry server writes admin.kubeconfig into its root.',
    })
  const context = lastValue(flags, 'context')
  const connection = await readKubeconfig(await files.readText(path), {
    ...(context === undefined ? {} : { context }),
    readFile: (name) => files.readText(join(path, '..', name)),
  })
  return {
    client: connectKubeClient({ clock, connection, userAgent: 'gantry-why' }),
    namespace: connection.namespace ?? 'default',
  }
}

interface Answer {
  readonly explanation: Explanation
  readonly found: boolean
}

type Question =
  | { readonly about: 'access'; readonly words: Parameters<typeof whyAccess>[0] }
  | { readonly about: 'object'; readonly words: Parameters<typeof whyObject>[0] }

function questionOf(flags: CommandFlags): Question {
  const [first = '', second] = flags.words
  const user = lastValue(flags, 'as')
  if (user !== undefined) {
    if (second === undefined) throw usageError('why', 'an access needs a verb and a resource')
    return { about: 'access', words: { verb: first, target: second, user, groups: flags.values.get('as-group') ?? [] } }
  }
  const words = second === undefined ? first.split('/') : [first, second]
  const [kind = '', name = ''] = words
  if (kind === '' || name === '' || words.length > 2) throw usageError('why', 'name one object as KIND/NAME')
  return { about: 'object', words: { kind, name, field: lastValue(flags, 'field') } }
}

async function explain(question: Question, asking: Asking): Promise<Answer> {
  if (question.about === 'object') return whyObject(question.words, asking)
  return { explanation: await whyAccess(question.words, asking), found: true }
}
