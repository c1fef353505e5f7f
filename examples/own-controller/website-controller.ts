/** Runs the plan whenever a website or its deployment changes. */
import { createController, createInformerSet, keyOf, startEventRecorder, watch } from '../../src/kit/index.ts'
import { type ClusterConnection, resources } from '../../src/index.ts'
import { planWebsite, websites } from './plan-website.ts'

/** Starts the controller; it works until it is disposed. */
export function startWebsiteController(cluster: ClusterConnection): AsyncDisposable {
  const scope = new AsyncDisposableStack()
  const informers = scope.use(createInformerSet(cluster))
  const events = scope.use(startEventRecorder(cluster, { component: 'website-controller' }))
  const sites = informers.of(websites)
  const deployments = informers.of(resources.deployments)
  scope.use(
    createController(
      { ...cluster, informers, events },
      {
        name: 'website',
        watches: [
          watch(sites, ({ object }) => [keyOf(object)]),
          // A deployment has the name of its website.
          watch(deployments, ({ object }) => [keyOf(object)]),
        ],
        reconcile: (key) => {
          const site = sites.get(key)
          return site === undefined ? {} : planWebsite(site, deployments.get(key))
        },
      },
    ),
  )
  return scope
}
