/** What belongs to swarm, plugins and checkpoints: refused by name, as a Docker engine outside a swarm refuses it. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { param } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
const notPart = 'This node is not part of a swarm'
const noSwarm = 'swarm mode is not part of this engine: clusters are made with gantry up and join'

function refuse(method: string, path: string, error: GantryError): ApiRoute {
  return {
    method,
    path,
    handler: () => {
      throw error
    },
  }
}

function refusePlugin(call: ApiCall): never {
  throw new GantryError('ENGINE_PLUGIN', 'not-found', `plugin ${JSON.stringify(param(call, 'name'))} not found`, {
    remedy: 'Use the drivers that are built in.',
  })
}

/** Routes that exist and cannot be served. */
export function swarmRoutes(): ApiRoute[] {
  const unavailable = new GantryError('ENGINE_SWARM', 'unavailable', notManager, {
    remedy: 'Use gantry up for a cluster.',
  })
  const managed = ['nodes', 'services', 'tasks', 'secrets', 'configs']
  const lists = managed.flatMap((kind) => [
    refuse('GET', `/${kind}`, unavailable),
    refuse('GET', `/${kind}/{id}`, unavailable),
    refuse('DELETE', `/${kind}/{id}`, unavailable),
    refuse('POST', `/${kind}/create`, unavailable),
    refuse('POST', `/${kind}/{id}/update`, unavailable),
  ])
  const checkpoint = new GantryError(
    'ENGINE_CHECKPOINT',
    'not-implemented',
    'checkpoints are not supported by this engine',
    { remedy: 'Stop and start containers instead.' },
  )
  const plugin = new GantryError(
    'ENGINE_PLUGIN',
    'not-implemented',
    'managed plugins are not supported by this engine',
    { remedy: 'Use the drivers that are built in.' },
  )
  return [
    ...lists,
    refuse('GET', '/swarm', unavailable),
    refuse('GET', '/swarm/unlockkey', unavailable),
    refuse('POST', '/swarm/update', unavailable),
    refuse('POST', '/swarm/leave', new GantryError('ENGINE_SWARM', 'unavailable', notPart)),
    refuse('POST', '/swarm/init', new GantryError('ENGINE_SWARM', 'not-implemented', noSwarm)),
    refuse('POST', '/swarm/join', new GantryError('ENGINE_SWARM', 'not-implemented', noSwarm)),
    { method: 'GET', path: '/plugins', handler: (call) => call.response.json(200, []) },
    { method: 'GET', path: '/plugins/{name...}/json', handler: refusePlugin },
    { method: 'DELETE', path: '/plugins/{name...}', handler: refusePlugin },
    { method: 'POST', path: '/plugins/{name...}/enable', handler: refusePlugin },
    { method: 'POST', path: '/plugins/{name...}/disable', handler: refusePlugin },
    refuse('POST', '/plugins/pull', plugin),
    refuse('POST', '/plugins/create', plugin),
    refuse('GET', '/containers/{id}/checkpoints', checkpoint),
    refuse('POST', '/containers/{id}/checkpoints', checkpoint),
    refuse('DELETE', '/containers/{id}/checkpoints/{checkpoint}', checkpoint),
  ]
}
