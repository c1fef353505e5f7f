/** An API server in this process with a definition, for tests of custom resources. */
import type { ApiResource } from '#clients/kubernetes/api-resource.ts'
import type { KubeClient } from '#clients/kubernetes/kube-client.ts'
import { customResourceDefinitions } from '#clients/kubernetes/resources.table.ts'
import { isConditionTrue } from '#kit/reconcile/conditions.ts'
import { createMemoryStore } from '#kit/store/memory-store.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import type { CustomResourceDefinition } from '#spec/kubernetes/objects/apiextensions-v1.generated.ts'
import { createClock } from '#world/real/clock.ts'
import { createRandom } from '#world/real/random.ts'
import type { ApiObject } from '../api-object.ts'
import { type ApiServer, type ApiServerDeps, createApiServer } from '../api-server.ts'

export const widgets: ApiResource<ApiObject> = {
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
}

/** The definition of widgets; `version` replaces members of its one version, `spec` of the rest. */
export function widgetDefinition(version: object = {}, spec: object = {}): CustomResourceDefinition {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'], categories: ['toys'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
          },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['spec'],
              properties: {
                spec: {
                  type: 'object',
                  required: ['color'],
                  properties: {
                    color: { type: 'string', enum: ['red', 'green', 'blue'] },
                    size: { type: 'integer', minimum: 1, maximum: 10, default: 5 },
                    min: { type: 'integer', default: 1 },
                    replicas: { type: 'integer' },
                  },
                },
                status: { type: 'object', properties: { replicas: { type: 'integer' }, ready: { type: 'boolean' } } },
              },
            },
          },
          ...version,
        },
      ],
      ...spec,
    },
  }
  return definition as unknown as CustomResourceDefinition
}

/** Members of the version for a schema whose spec has these members besides its own. */
export function versionOf(spec: object): object {
  const schema = widgetDefinition().spec.versions[0]?.schema?.openAPIV3Schema
  const own = schema?.properties?.['spec'] ?? {}
  const properties = { ...schema?.properties, spec: { ...own, ...spec } }
  return { schema: { openAPIV3Schema: { ...schema, properties } } }
}

export function widget(name: string, spec: object = { color: 'red' }, more: object = {}): ApiObject {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name, namespace: 'default' },
    spec,
    ...more,
  } as unknown as ApiObject
}

export interface DefinedApi extends AsyncDisposable {
  readonly api: ApiServer
  readonly client: KubeClient
}

/** Starts a server and waits until the definitions are established. */
export async function definedApi(
  definitions: readonly CustomResourceDefinition[] = [widgetDefinition()],
  deps: Partial<ApiServerDeps> = {},
): Promise<DefinedApi> {
  const clock = createClock()
  await using scope = new AsyncDisposableStack()
  const store = scope.use(createMemoryStore({ clock }))
  const api = scope.use(await createApiServer({ clock, random: createRandom(), store, log: silentLog, ...deps }))
  const client = api.clientFor({ name: 'admin', groups: ['system:masters'] })
  for (const definition of definitions) {
    await client.create(customResourceDefinitions, definition)
    await whenDefinition(client, definition.metadata.name, (now) =>
      isConditionTrue(now?.status?.conditions, 'Established'),
    )
  }
  const owned = scope.move()
  return { api, client, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Waits for a state of a definition. @throws when it does not come within a minute. */
export async function whenDefinition(
  client: KubeClient,
  name: string,
  isThere: (definition: CustomResourceDefinition | undefined) => boolean,
): Promise<void> {
  const signal = AbortSignal.timeout(60_000)
  for await (const event of client.watch(customResourceDefinitions, {
    fieldSelector: `metadata.name=${name}`,
    signal,
  })) {
    if (event.type === 'BOOKMARK') continue
    if (isThere(event.type === 'DELETED' ? undefined : (event.object as CustomResourceDefinition))) return
  }
  throw new Error(`the definition ${name} did not get there`)
}
