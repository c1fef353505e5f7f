/** The steps of a server in upstream's order, without those that its settings turn off. */
import type { ApiServerConfig } from '../api-server-config.ts'
import type { Authorizer } from '../authorization/access.ts'
import type { AdmissionStep } from './admission.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'

/** Steps by settings. */
export function admissionSteps(config: ApiServerConfig, _authorizer: Authorizer): readonly AdmissionStep[] {
  const all: readonly AdmissionStep[] = [namespaceLifecycle]
  return all.filter((step) => !config.disableAdmission.includes(step.name))
}
