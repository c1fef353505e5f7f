/** Who is asked whether a request may pass, as a server's flags or the file that they name say. */
import type { AuthorizerLink } from '#cluster/apiserver/authorization/authorizer.ts'
import {
  type ConfiguredAuthorizer,
  parseAuthorizationConfig,
} from '#cluster/apiserver/authorization/authorization-config.ts'
import { AuthorizationWebhookMeter } from '#cluster/apiserver/authorization/authorization-webhook-meter.ts'
import { createAuthorizationWebhook } from '#cluster/apiserver/authorization/authorization-webhook.ts'
import type { Log } from '#kit/telemetry/log.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'
import type { World } from '#world/ports/world.ts'
import { type AuthorizationFlags, authorizersOfFlags } from './authorization-flags.ts'
import { openKubeconfigWebhook } from './kubeconfig-webhook.ts'

/** Longer than any webhook may take. */
const lastAnswerMs = 60_000

interface Parts {
  readonly world: Pick<World, 'clock' | 'files' | 'random'>
  readonly log: Log
  readonly metrics: Metrics
}

/** The authorisers of a server, and what follows the file that names them. */
export interface ServerAuthorizers extends AsyncDisposable {
  readonly links: readonly AuthorizerLink[]
  /** The file with what it said; undefined where flags said it all. */
  readonly file: { readonly path: string; readonly text: string } | undefined
  /** The authorisers of another text of the file; those before may still answer for a minute. @throws for one that is malformed. */
  reopen(text: string): Promise<readonly AuthorizerLink[]>
}

/** Opens what the flags name. @throws for files that are missing or malformed. */
export async function openServerAuthorization(parts: Parts, flags: AuthorizationFlags): Promise<ServerAuthorizers> {
  const { file: path } = flags
  const text = path === undefined ? undefined : await parts.world.files.readText(path)
  const configured = text === undefined ? authorizersOfFlags(flags) : parseAuthorizationConfig(text)
  const generations = new Generations(parts.world.clock)
  const links = await openLinks(parts, configured, generations.next())
  const neededTypes = configured.map(({ type }) => type)
  return {
    links,
    file: path === undefined || text === undefined ? undefined : { path, text },
    reopen: async (next) => {
      const read = parseAuthorizationConfig(next, neededTypes)
      return openLinks(parts, read, generations.next())
    },
    [Symbol.asyncDispose]: () => generations[Symbol.asyncDispose](),
  }
}

/** Connections of one configuration after the other: requests that run on those before are given time to end. */
class Generations implements AsyncDisposable {
  readonly #clock: Clock
  readonly #scopes: AsyncDisposableStack[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  next(): AsyncDisposableStack {
    const before = this.#scopes.at(-1)
    const scope = new AsyncDisposableStack()
    this.#scopes.push(scope)
    if (before !== undefined) {
      const timer = this.#clock.setTimer(lastAnswerMs, () => void before.disposeAsync())
      scope.use(timer)
    }
    return scope
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const scope of this.#scopes) await scope.disposeAsync()
  }
}

async function openLinks(
  { world, log, metrics }: Parts,
  configured: readonly ConfiguredAuthorizer[],
  scope: AsyncDisposableStack,
): Promise<readonly AuthorizerLink[]> {
  await using opened = new AsyncDisposableStack()
  const links: AuthorizerLink[] = []
  for (const { type, name, webhook } of configured) {
    if (webhook === undefined) {
      links.push({ type, name })
      continue
    }
    const ask = await openKubeconfigWebhook(
      world,
      { path: webhook.kubeconfigPath, timeoutMs: webhook.timeoutMs },
      opened,
    )
    const meter = new AuthorizationWebhookMeter(metrics, name)
    const { clock, random } = world
    links.push({ type, name, authorizer: createAuthorizationWebhook({ clock, random, log, meter, ask }, webhook) })
  }
  scope.use(opened.move())
  return links
}
