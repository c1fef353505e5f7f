/** The service account controller: every live namespace has an account named `default`. */
import { namespaces, serviceAccounts } from '#clients/kubernetes/resources.table.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { isLive } from '../namespaces/is-live.ts'

/** Starts the controller. */
export function startServiceAccountController(context: ControllerContext): Controller {
  const cache = context.informers.of(namespaces)
  const accounts = context.informers.of(serviceAccounts)
  return createController(context, {
    name: 'serviceaccount',
    watches: [
      watch(cache, ({ object }) => [object.metadata.name]),
      watch(accounts, ({ type, object }) =>
        type === 'deleted' && object.metadata.name === 'default' ? [object.metadata.namespace ?? ''] : [],
      ),
    ],
    reconcile: (namespace): Plan => {
      if (!isLive(cache.get(namespace)) || accounts.get(keyFrom(namespace, 'default')) !== undefined) return nothingToDo
      const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } } as const
      return { actions: [{ do: 'create', resource: serviceAccounts, object, ifExists: 'keep' }] }
    },
  })
}
