/** What extenders are to the rest of the scheduler: a plugin that binds, and whose rejections any change may lift. */
import type { ChangeKind, Plugin } from '../plugin.ts'
import { type Asking, bindByExtender } from './ask-extenders.ts'

/** The name that upstream files their rejections under. */
export const extenderName = 'Extender'

const anyChange: Readonly<Record<ChangeKind, true>> = {
  'pod-added': true,
  'pod-deleted': true,
  'pod-changed': true,
  'pod-shrunk': true,
  'own-pod-changed': true,
  'pod-status': true,
  'node-added': true,
  'node-changed': true,
  claim: true,
  volume: true,
  'storage-class': true,
  'csi-node': true,
  'csi-driver': true,
  'storage-capacity': true,
  'resource-claim': true,
  'resource-slice': true,
  'device-class': true,
  namespace: true,
  everything: true,
}

/** Makes the plugin; it comes first, so that an extender that binds does so instead of the scheduler. */
export function extenderPlugin(asking: Asking): Plugin {
  return {
    name: extenderName,
    bind: (pod, nodeName) => bindByExtender(pod, nodeName, asking),
    hints: anyChange,
  }
}
