/** Keeps pods that need a young feature of the kubelet off nodes that do not declare it (v1.36, nodedeclaredfeatures). */
import type { Pod } from '#spec/kubernetes/objects/core-v1.generated.ts'
import type { Plugin } from '../plugin.ts'
import { finalRejection } from '../rejection.ts'

const rejected = finalRejection("node(s) didn't match Pod's required features")

/** Features by name, and whether a pod needs them to run; those that only matter for changes of running pods are not here. */
const needs: Readonly<Record<string, (spec: Pod['spec']) => boolean>> = {
  RestartAllContainersOnContainerExits: ({ containers, initContainers = [] }) =>
    [...containers, ...initContainers].some((container) =>
      container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
    ),
  UserNamespacesHostNetworkSupport: ({ hostNetwork, hostUsers }) => hostNetwork === true && hostUsers === false,
}

export const nodeDeclaredFeatures: Plugin = {
  name: 'NodeDeclaredFeatures',
  preFilter: ({ pod }) => {
    const needed = Object.keys(needs).filter((feature) => needs[feature]?.(pod.spec) === true)
    if (needed.length === 0) return undefined
    return {
      question: needed.join(' '),
      check: ({ node }) => {
        const declared = node.status?.declaredFeatures ?? []
        return needed.every((feature) => declared.includes(feature)) ? undefined : rejected
      },
    }
  },
  hints: { 'node-added': true, 'node-changed': true, 'own-pod-changed': true },
}
