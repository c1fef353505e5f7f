/** The root CA publisher: every live namespace has `kube-root-ca.crt`, by which pods know the API server. */
import { configMaps, namespaces } from '#clients/kubernetes/resources.table.ts'
import { equalValues } from '#spec/kubernetes/apply/equal-values.ts'
import type { ConfigMap } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { type Controller, createController, watch } from '#kit/reconcile/controller.ts'
import { keyFrom } from '#kit/reconcile/object-key.ts'
import { nothingToDo, type Plan } from '#kit/reconcile/plan.ts'
import type { ControllerContext } from '../controller-context.ts'
import { isLive } from '../namespaces/is-live.ts'

const name = 'kube-root-ca.crt'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Starts the controller; `caPem` is the bundle to publish. */
export function startRootCertificatePublisher(context: ControllerContext, caPem: string): Controller {
  const cache = context.informers.of(namespaces)
  const maps = context.informers.of(configMaps)
  return createController(context, {
    name: 'root-ca-certificate-publisher',
    watches: [
      watch(cache, ({ object }) => [object.metadata.name]),
      watch(maps, ({ object }) => (object.metadata.name === name ? [object.metadata.namespace ?? ''] : [])),
    ],
    reconcile: (namespace) =>
      isLive(cache.get(namespace)) ? planMap(namespace, maps.get(keyFrom(namespace, name)), caPem) : nothingToDo,
  })
}

function planMap(namespace: string, known: ConfigMap | undefined, caPem: string): Plan {
  const annotations = { 'kubernetes.io/description': description }
  const data = { 'ca.crt': caPem }
  if (known === undefined) {
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, annotations }, data }
    return { actions: [{ do: 'create', resource: configMaps, object, ifExists: 'keep' }] }
  }
  if (equalValues(known.data, data) && known.metadata.annotations?.['kubernetes.io/description'] !== undefined)
    return nothingToDo
  const object = {
    ...known,
    data,
    metadata: { ...known.metadata, annotations: { ...known.metadata.annotations, ...annotations } },
  }
  return { actions: [{ do: 'update', resource: configMaps, object }] }
}
