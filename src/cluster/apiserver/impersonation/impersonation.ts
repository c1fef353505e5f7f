/** Acting as somebody else by `Impersonate-*` headers: tries one way after the other and remembers which one served whom. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { HttpRequest } from '#kit/http/exchange.ts'
import type { Metrics } from '#kit/telemetry/metrics.ts'
import type { Clock } from '#world/ports/clock.ts'
import { type Access, type Authorizer, type Decision, whenDecided } from '../authorization/access.ts'
import { refused } from '../authorization/refuse-access.ts'
import type { User } from '../user.ts'
import { ImpersonationMeter } from './impersonation-meter.ts'
import { type Check, type ModeName, modeNames, type ModePlan, planMode } from './impersonation-modes.ts'
import { wantedUserOf, type WantedUser } from './wanted-user.ts'

/** Callers whose last way is remembered. */
const callersMost = 10_000

/** As whom a request goes on. */
export interface Acting {
  readonly user: User
  /** The verb of the way that allowed it (`impersonate:user-info`); `''` for the oldest one. */
  readonly constraint: string
}

type Outcome = Acting | GantryError

interface Attempt {
  readonly wanted: WantedUser
  readonly request: Access
}

export class Impersonation {
  readonly #authorizer: Authorizer
  readonly #meter: ImpersonationMeter
  readonly #lastMode = new Map<string, ModeName>()

  constructor(parts: { readonly authorizer: Authorizer; readonly metrics: Metrics; readonly clock: Clock }) {
    this.#authorizer = parts.authorizer
    this.#meter = new ImpersonationMeter(parts)
  }

  /** Who the request (with its caller as user) is made as; undefined where no header asks for it. @throws 400, 403. */
  of(http: Pick<HttpRequest, 'headers' | 'headerValues'>, request: () => Access): Acting | Promise<Acting> | undefined {
    const wanted = wantedUserOf(http)
    if (wanted === undefined) return undefined
    const attempt = { wanted, request: request() }
    const finish = this.#meter.begin()
    const outcome = this.#tryAll(attempt, this.#modesFor(attempt.request.user))
    const settle = (settled: Outcome): Acting => {
      finish(settled instanceof GantryError ? undefined : settled.constraint)
      if (settled instanceof GantryError) throw settled
      return settled
    }
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome)
  }

  /** All ways, the one that served the caller last before the others. */
  #modesFor({ name }: User): readonly ModeName[] {
    const last = this.#lastMode.get(name)
    return last === undefined ? modeNames : [last, ...modeNames.filter((mode) => mode !== last)]
  }

  /** The first way that is open; otherwise why the first of them is not. */
  #tryAll(attempt: Attempt, modes: readonly ModeName[], first?: GantryError): Outcome | Promise<Outcome> {
    const [mode, ...others] = modes
    if (mode === undefined) return first ?? refused(attempt.request)
    const plan = planMode(mode, attempt.wanted, attempt.request)
    if (plan === undefined) return this.#tryAll(attempt, others, first)
    const goOn = (refusal: GantryError | undefined): Outcome | Promise<Outcome> => {
      if (refusal === undefined) return this.#taken(attempt, mode, plan)
      return this.#tryAll(attempt, others, first ?? refusal)
    }
    const result = this.#check(plan.checks)
    return result instanceof Promise ? result.then(goOn) : goOn(result)
  }

  #taken({ request }: Attempt, mode: ModeName, { user, constraint }: ModePlan): Acting {
    const { name } = request.user
    this.#lastMode.delete(name)
    this.#lastMode.set(name, mode)
    const [oldest] = this.#lastMode.keys()
    if (this.#lastMode.size > callersMost && oldest !== undefined) this.#lastMode.delete(oldest)
    return { user, constraint }
  }

  /** Why one of the checks is not passed; they are made one after the other. */
  #check([check, ...others]: readonly Check[]): GantryError | undefined | Promise<GantryError | undefined> {
    if (check === undefined) return undefined
    const { access, refusal, instead } = check
    if (refusal !== undefined) return refused(access, refusal)
    const seen = this.#meter.beginCheck(access.verb)
    return whenDecided(this.#authorizer.decide(access), (decision) => {
      seen(decision.allowed)
      if (decision.allowed) return this.#check(others)
      return instead === undefined ? refused(access, reasonOf(decision)) : this.#check([...instead, ...others])
    })
  }
}

function reasonOf({ reason, error }: Decision): string {
  if (error === undefined) return reason
  return reason === '' ? error : `${error}: ${reason}`
}
