/** The rules of every built-in kind by `group/Kind` (`/Pod` in the core group): the same for all versions of a kind. */
import {
  configMapRules,
  namespaceRules,
  replicationControllerRules,
  secretRules,
  serviceAccountRules,
} from './core/config-rules.ts'
import type { AnyKindRules } from './kind-rules.ts'
import { podRules, podTemplateRules } from './pods/pod-rules.ts'
import { controllerRevisionRules, daemonSetRules, deploymentRules, replicaSetRules } from './workloads/apps-rules.ts'
import { statefulSetRules } from './workloads/stateful-set-rules.ts'

export const kindTable: Readonly<Record<string, AnyKindRules>> = {
  '/ConfigMap': configMapRules,
  '/Namespace': namespaceRules,
  '/Pod': podRules,
  '/PodTemplate': podTemplateRules,
  '/ReplicationController': replicationControllerRules,
  '/Secret': secretRules,
  '/ServiceAccount': serviceAccountRules,
  'apps/ControllerRevision': controllerRevisionRules,
  'apps/DaemonSet': daemonSetRules,
  'apps/Deployment': deploymentRules,
  'apps/ReplicaSet': replicaSetRules,
  'apps/StatefulSet': statefulSetRules,
}
