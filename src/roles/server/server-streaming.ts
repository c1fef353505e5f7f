/** How a server reaches its nodes and what runs on them: exec, logs, port-forward and proxies. */
import type { StreamingHandler } from '#cluster/apiserver/http-handler.ts'
import { createNodeConnection } from '#cluster/apiserver/node-proxy/node-connection.ts'
import { createNodeStreaming } from '#cluster/apiserver/node-proxy/node-streaming.ts'
import type { BehaviourRule } from '#cluster/simulated-nodes/pod-behaviour.ts'
import { createHttpClient } from '#kit/http/client.ts'
import { type IssuedCertificate, issueCertificate } from '#kit/tls/issue-certificate.ts'
import type { World } from '#world/ports/world.ts'
import { simulatedLogs, sparingSimulatedNodes } from './simulated-connection.ts'

export interface StreamingSurroundings {
  /** Owns the connections. */
  readonly scope: AsyncDisposableStack
  /** What the pods of simulated nodes do; nothing special unless told. */
  readonly rules?: () => readonly BehaviourRule[]
}

/** The handler of one server; Kubelets know the server by the cluster's authority. */
export function openServerStreaming(
  world: Pick<World, 'clock' | 'random'>,
  authority: IssuedCertificate,
  { scope, rules = () => [] }: StreamingSurroundings,
): StreamingHandler {
  const { clock } = world
  const own = issueCertificate(world, authority, {
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['system:masters'],
  })
  const nodes = scope.use(sparingSimulatedNodes(createNodeConnection({ clock, ...own })))
  // Pods and services show certificates of their own, if any: who they are is for their users to check.
  const client = scope.use(createHttpClient({ clock, tls: { insecure: true }, headersTimeoutMs: 0 }))
  return createNodeStreaming({ nodes, client, localLogs: simulatedLogs(rules) })
}
