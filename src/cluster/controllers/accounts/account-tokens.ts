/** The token controller: secrets of type `kubernetes.io/service-account-token` get a token, and go with their account. */
import { secrets, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import type { Secret, ServiceAccount } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { isGone } from '#kit/reconcile/api-failure.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom, keyOf } from '#kit/reconcile/object-key.ts'
import { nothingToDo } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import {
  accountClaims,
  accountNameOf,
  isAccountToken,
  isTokenOf,
  needsFilling,
  planFilling,
  planForgetting,
  planRemoval,
} from './plan-account-token.ts'

export interface AccountTokensConfig {
  /** Signs a token with the cluster's key. */
  readonly sign: (claims: JsonObject) => Promise<string>
  /** The bundle that bearers verify the API server with; '' for none. */
  readonly authorityPem: string
}

const index = 'account of token'

/** Starts the controller. */
export function startAccountTokens(
  context: ControllerContext,
  { sign, authorityPem }: AccountTokensConfig,
): Controller {
  const accounts = context.informers.of(serviceAccounts)
  const cache = context.informers.of(secrets)
  cache.addIndex(index, (secret) =>
    isAccountToken(secret) ? [keyFrom(secret.metadata.namespace, accountNameOf(secret))] : [],
  )
  /** The account of a secret; a cache that lags behind must not cost a token its life. */
  const accountOf = async (secret: Secret): Promise<ServiceAccount | undefined> => {
    const { namespace } = secret.metadata
    const known = accounts.get(keyFrom(namespace, accountNameOf(secret)))
    if (known !== undefined && isTokenOf(secret, known)) return known
    try {
      const found = await context.client.get(serviceAccounts, accountNameOf(secret), { namespace })
      return isTokenOf(secret, found) ? found : undefined
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }
  return createController(context, {
    name: 'serviceaccount-token',
    watches: [
      watch(cache, ({ object }) => (isAccountToken(object) && accountNameOf(object) !== '' ? [keyOf(object)] : [])),
      watch(accounts, ({ type, object }) => (type === 'deleted' ? cache.byIndex(index, keyOf(object)).map(keyOf) : [])),
    ],
    reconcile: async (key) => {
      const secret = cache.get(key)
      if (secret === undefined) {
        const [namespace = '', name = ''] = key.split('/')
        return planForgetting(name, accounts.list(namespace))
      }
      if (!isAccountToken(secret) || secret.metadata.deletionTimestamp !== undefined) return nothingToDo
      const account = await accountOf(secret)
      if (account === undefined) return planRemoval(secret)
      if (!needsFilling(secret, authorityPem)) return nothingToDo
      const hasToken = (secret.data?.['token'] ?? '') !== ''
      const token = hasToken ? '' : await sign(accountClaims(secret, account))
      return planFilling(secret, account, { token, authorityPem })
    },
  })
}
