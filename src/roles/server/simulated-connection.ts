/** Keeps the API server from dialling nodes that only pretend: their addresses may be somebody else's. Their logs are made up. */
import { type ApiObject, objectAt, textAt } from '#cluster/apiserver/api-object.ts'
import type { LocalLogs } from '#cluster/apiserver/node-proxy/local-log.ts'
import type { NodeConnection } from '#cluster/apiserver/node-proxy/node-connection.ts'
import { failure } from '#cluster/apiserver/status-errors.ts'
import type { BehaviourRule } from '#cluster/simulated-nodes/pod-behaviour.ts'
import { podLog } from '#cluster/simulated-nodes/pod-log.ts'
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'

/** The container runtime of simulated nodes, as their status names it. */
const runtime = 'sim://'

function isSimulated(node: ApiObject): boolean {
  return textAt(objectAt(node, 'status', 'nodeInfo'), 'containerRuntimeVersion').startsWith(runtime)
}

/** The logs of pods on simulated nodes. @param rules what the pods do, asked for each time. */
export function simulatedLogs(rules: () => readonly BehaviourRule[]): LocalLogs {
  return {
    read: (pod, node, question) =>
      node !== undefined && isSimulated(node) ? podLog(pod as unknown as Pod, rules(), question) : undefined,
  }
}

/** A connection to all nodes but the simulated ones, of which it says that nothing is there. */
export function sparingSimulatedNodes(connection: NodeConnection): NodeConnection {
  return {
    reach: (node, options) => {
      if (!isSimulated(node)) return connection.reach(node, options)
      const message = `node ${JSON.stringify(node.metadata.name)} is simulated: no container runs on it, so there are no sessions and no ports`
      throw failure({ code: 404, reason: 'NotFound', message })
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}
