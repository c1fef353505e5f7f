/** Keeps the API server from dialling nodes that only pretend: their addresses may be somebody else's. */
import { objectAt, textAt } from '#cluster/apiserver/api-object.ts'
import type { NodeConnection } from '#cluster/apiserver/node-proxy/node-connection.ts'
import { failure } from '#cluster/apiserver/status-errors.ts'

/** The container runtime of simulated nodes, as their status names it. */
const runtime = 'sim://'

/** A connection to all nodes but the simulated ones, of which it says that nothing is there. */
export function sparingSimulatedNodes(connection: NodeConnection): NodeConnection {
  return {
    reach: (node, options) => {
      const isSimulated = textAt(objectAt(node, 'status', 'nodeInfo'), 'containerRuntimeVersion').startsWith(runtime)
      if (!isSimulated) return connection.reach(node, options)
      const message = `node ${JSON.stringify(node.metadata.name)} is simulated: no container runs on it, so there are no logs, sessions or ports`
      throw failure({ code: 404, reason: 'NotFound', message })
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}
