/** Tokens that live as long as their secret: their use is written down by the day, and what nobody uses goes. */
import { configMaps, pods, secrets, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { executePlan } from '#kit/reconcile/execute-plan.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { accountNameOf, isAccountToken, isTokenOf } from './plan-account-token.ts'
import { dateOf, isTrackedLongEnough, lastUsedLabel, planLegacyToken, secretsOfPods } from './plan-legacy-token.ts'
import type { TokenUse } from './token-use.ts'

const place = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' }
const trackingKey = keyFrom(place.namespace, place.name)
const dayMs = 86_400_000

/** Says since when use is written down. */
function planTracking(known: ConfigMap | undefined, nowMs: number): Plan {
  const data = { since: dateOf(nowMs) }
  if (known === undefined) {
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: place, data }
    return { actions: [{ do: 'create', resource: configMaps, object, ifExists: 'keep' }] }
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(known.data?.['since'] ?? '')) return nothingToDo
  const object: ConfigMap = { ...known, data: { ...known.data, ...data } }
  return { actions: [{ do: 'update', resource: configMaps, object }] }
}

/** Starts to write down which tokens are used. */
export function startTokenTracking(context: ControllerContext, use: TokenUse): AsyncDisposable {
  const maps = context.informers.of(configMaps)
  const cache = context.informers.of(secrets)
  const controller = createController(context, {
    name: 'legacy-token-tracking',
    watches: [
      watch(maps, ({ object }) => (keyOf(object) === trackingKey ? [trackingKey] : [])),
      watch(cache, () => []),
    ],
    initialKeys: [trackingKey],
    workers: 1,
    reconcile: (key): Plan => {
      const nowMs = context.clock.now()
      if (key === trackingKey) return planTracking(maps.get(key), nowMs)
      const secret = cache.get(key)
      const lastUsed = secret?.metadata.labels?.[lastUsedLabel]
      // Another server's clock may be a day ahead.
      if (secret === undefined || [dateOf(nowMs), dateOf(nowMs + dayMs)].includes(lastUsed ?? '')) return nothingToDo
      const patch = { metadata: { uid: secret.metadata.uid ?? '', labels: { [lastUsedLabel]: dateOf(nowMs) } } }
      return { actions: [{ do: 'patch', resource: secrets, object: secret, type: 'merge', patch }] }
    },
  })
  const listening = use.onUse((namespace, name) => controller.wake(keyFrom(namespace, name)))
  return {
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]()
      await controller[Symbol.asyncDispose]()
    },
  }
}

/** Starts the cleaner: once a day. */
export function startLegacyTokenCleaner(context: ControllerContext): Controller {
  const { informers, clock } = context
  const [maps, cache, accounts, podCache] = [
    informers.of(configMaps),
    informers.of(secrets),
    informers.of(serviceAccounts),
    informers.of(pods),
  ]
  const plan = (nowMs: number): Plan => {
    if (!isTrackedLongEnough(maps.get(trackingKey)?.data?.['since'], nowMs)) return nothingToDo
    const actions = cache
      .list()
      .filter(isAccountToken)
      .flatMap((secret) => {
        const { namespace } = secret.metadata
        const named = accounts.get(keyFrom(namespace, accountNameOf(secret)))
        const account = named !== undefined && isTokenOf(secret, named) ? named : undefined
        const usedByPods = secretsOfPods(podCache.list(namespace))
        return planLegacyToken({ secret, account, usedByPods, nowMs }) ?? []
      })
    return { actions: actions.map((action) => ({ ...action, mayFail: true })) }
  }
  return createController(context, {
    name: 'legacy-serviceaccount-token-cleaner',
    watches: [maps, cache, accounts, podCache].map((informer) => ({
      synced: informer.synced,
      start: () => ({ [Symbol.dispose]: () => undefined }),
    })),
    initialKeys: ['all tokens'],
    workers: 1,
    reconcile: async () => {
      await executePlan(plan(clock.now()), context)
      return { lookAgainAfterMs: dayMs }
    },
  })
}
