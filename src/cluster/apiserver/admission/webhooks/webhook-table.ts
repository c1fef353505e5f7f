/** The webhooks of all configurations, in the order in which they are asked, with their conditions compiled once. */
import { LruCache } from '#base/data/lru-cache.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../../api-object.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Authorizer } from '../../authorization/access.ts'
import { DecisionsAhead } from '../../authorization/decide-ahead.ts'
import type { ServedResource } from '../../served-resource.ts'
import { forbidden } from '../../status-errors.ts'
import type { AdmissionRequest } from '../admission.ts'
import { admissionEnvironment } from '#spec/kubernetes/cel/admission/admission-environment.ts'
import { compileConditions, meetsConditions } from '../expressions/match-conditions.ts'
import { requestVariables } from '../expressions/request-variables.ts'
import type { Expression } from '#spec/kubernetes/cel/admission/compile-expression.ts'
import { convertRequestAhead, matchedResource, SelectorMatcher } from '../match-request.ts'
import { mentionedName } from '../mentioned-name.ts'

/** One webhook of a configuration. */
export interface Webhook {
  /** Tells webhooks of one name in different configurations apart. */
  readonly id: string
  readonly name: string
  readonly configuration: string
  readonly spec: JsonObject
  readonly rules: readonly JsonObject[]
  readonly conditions: readonly Expression[]
  readonly failurePolicy: string
}

const configurationsMax = 256

/** The webhooks of one kind of configuration. */
export class WebhookTable {
  readonly #storage: string
  readonly #authorizer: Authorizer
  readonly #selectors = new SelectorMatcher()
  readonly #compiled = new LruCache<string, readonly Webhook[]>({ capacity: configurationsMax })
  readonly #environment = admissionEnvironment({ hasAuthorizer: true, hasNamespace: false })

  constructor(storage: string, authorizer: Authorizer) {
    this.#storage = storage
    this.#authorizer = authorizer
  }

  /** All webhooks, by the names of their configurations. */
  all({ view }: AdmissionRequest): readonly Webhook[] {
    const configurations = view.list(this.#storage, '')
    return configurations.length === 0 ? [] : configurations.flatMap((one) => this.#webhooksOf(one))
  }

  #webhooksOf(configuration: ApiObject): readonly Webhook[] {
    const { uid = '', resourceVersion = '', name = '' } = configuration.metadata
    const key = `${uid}/${resourceVersion}`
    let webhooks = this.#compiled.get(key)
    if (webhooks === undefined) {
      const seen = new Map<string, number>()
      webhooks = listAt(configuration, 'webhooks').map((spec) => this.#webhook(name, spec, seen))
      this.#compiled.set(key, webhooks)
    }
    return webhooks
  }

  #webhook(configuration: string, spec: JsonObject, seen: Map<string, number>): Webhook {
    const name = textAt(spec, 'name')
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return {
      id: `${configuration}/${name}/${count}`,
      name,
      configuration,
      spec,
      rules: listAt(spec, 'rules'),
      conditions: compileConditions(listAt(spec, 'matchConditions'), this.#environment),
      failurePolicy: textAt(spec, 'failurePolicy') || 'Fail',
    }
  }

  /** The resource as which a webhook is to see a request, or undefined when it is not asked. @throws 403, 404. */
  async matches(webhook: Webhook, request: AdmissionRequest): Promise<ServedResource | undefined> {
    const { spec, rules, conditions, failurePolicy } = webhook
    const as = matchedResource(rules, request, textAt(spec, 'matchPolicy') || 'Equivalent')
    if (as === undefined) return undefined
    if (!this.#selectors.matchesObject(spec['objectSelector'], request)) return undefined
    if (!this.#selectors.matchesNamespace(spec['namespaceSelector'], request)) return undefined
    await convertRequestAhead(request, as)
    if (conditions.length === 0) return as
    const decisions = new DecisionsAhead(this.#authorizer)
    const variables = requestVariables(request, as, decisions)
    const answer = await decisions.evaluate(() =>
      meetsConditions(conditions, variables, { failurePolicy, signal: request.signal }),
    )
    if (typeof answer === 'boolean') return answer ? as : undefined
    const { group, resource } = request.resource
    throw forbidden({ group, resource, name: mentionedName(request) }, answer.error)
  }
}

/** How long a webhook may take. */
export function timeoutMsOf({ spec }: Webhook): number {
  const seconds = spec['timeoutSeconds']
  return (typeof seconds === 'number' ? seconds : 10) * 1000
}

/** Whether a webhook may be asked about a dry run. */
export function allowsDryRun({ spec }: Webhook): boolean {
  return spec['sideEffects'] === 'None' || spec['sideEffects'] === 'NoneOnDryRun'
}

/** The part of a configuration that says where the webhook is. */
export function clientOf({ spec }: Webhook): JsonObject {
  return objectAt(spec, 'clientConfig')
}
