/**
 * The authorisers of a server, asked one after the other until one allows or forbids (union authorizer, v1.36). The group
 * `system:masters` may do everything, whatever they say.
 */
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { User } from '../user.ts'
import type { ObjectCache } from '../cache/object-cache.ts'
import { type Access, type Authorizer, type Decision, joinedProblems, type UserRules } from './access.ts'
import { builtInAuthorizer } from './built-in-authorizers.ts'
import { DecisionMeter } from './decision-meter.ts'
import { Rbac } from './rbac.ts'

/** One authoriser of the chain: one of the server's own by its type, or one that asks somebody else. */
export interface AuthorizerLink {
  /** `Node`, `RBAC`, `AlwaysAllow`, `AlwaysDeny` or `Webhook`. */
  readonly type: string
  readonly name: string
  /** Needed for `Webhook`. */
  readonly authorizer?: Authorizer
}

/** The chain of a server that was told nothing else. */
export const defaultAuthorizers: readonly AuthorizerLink[] = [
  { type: 'Node', name: 'node' },
  { type: 'RBAC', name: 'rbac' },
]

interface Link {
  readonly authorizer: Authorizer
  readonly meter: DecisionMeter
}

const everything: Decision = { allowed: true, reason: '' }
const noOpinion: Decision = { allowed: false, reason: '' }

/** The chain of a server. */
export class ServerAuthorizer implements Authorizer {
  readonly rbac: Rbac
  readonly #cache: ObjectCache
  readonly #metrics: Metrics
  #links: readonly Link[] = []

  constructor(cache: ObjectCache, metrics: Metrics) {
    this.#cache = cache
    this.#metrics = metrics
    this.rbac = new Rbac(cache)
  }

  /** Asks by another chain from now on. */
  use(links: readonly AuthorizerLink[]): void {
    const parts = { cache: this.#cache, rbac: this.rbac }
    this.#links = links.map((link) => ({
      authorizer: link.authorizer ?? builtInAuthorizer(link.type, parts),
      meter: new DecisionMeter(this.#metrics, link),
    }))
  }

  decide(access: Access): Decision | Promise<Decision> {
    if (access.user.groups.includes('system:masters')) return everything
    return askFrom({ links: this.#links, access }, 0, noOpinion)
  }

  rulesOf(user: User, namespace: string): UserRules {
    const all = this.#links.map(({ authorizer }) => authorizer.rulesOf(user, namespace))
    const problems = all.flatMap(({ error }) => error ?? [])
    return {
      resourceRules: all.flatMap(({ resourceRules }) => resourceRules),
      nonResourceRules: all.flatMap(({ nonResourceRules }) => nonResourceRules),
      incomplete: all.some(({ incomplete }) => incomplete === true),
      ...(problems.length === 0 ? {} : { error: joinedProblems(problems) }),
    }
  }
}

interface Asking {
  readonly links: readonly Link[]
  readonly access: Access
}

/** Asks from a link on; `said` is what those before it said. Nothing is waited for unless a link has to wait. */
function askFrom(asking: Asking, from: number, said: Decision): Decision | Promise<Decision> {
  let before = said
  for (let at = from; at < asking.links.length; at++) {
    const { authorizer, meter } = asking.links[at] as Link
    const decision = authorizer.decide(asking.access)
    if (decision instanceof Promise) {
      const known = before
      return decision.then((late) => {
        meter.count(late)
        return isFinal(late) ? late : askFrom(asking, at + 1, both(known, late))
      })
    }
    meter.count(decision)
    if (isFinal(decision)) return decision
    before = both(before, decision)
  }
  return before
}

function isFinal({ allowed, denied }: Decision): boolean {
  return allowed || denied === true
}

/** Two that have no opinion, with what each had to say. */
function both(one: Decision, other: Decision): Decision {
  if (other.reason === '' && other.error === undefined) return one
  const reason = [one.reason, other.reason].filter((text) => text !== '').join('\n')
  const problems = [one.error ?? [], other.error ?? []].flat()
  return { allowed: false, reason, ...(problems.length === 0 ? {} : { error: joinedProblems(problems) }) }
}

/** Makes the authorizer of a server. */
export function createAuthorizer(
  { cache, metrics }: { readonly cache: ObjectCache; readonly metrics: Metrics },
  links: readonly AuthorizerLink[],
): ServerAuthorizer {
  const authorizer = new ServerAuthorizer(cache, metrics)
  authorizer.use(links)
  return authorizer
}
