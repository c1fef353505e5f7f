/** Where the kinds that are pods, or hold templates of pods, keep the specification of the pod. */
const paths: Readonly<Record<string, readonly string[]>> = {
  '/pods': ['spec'],
  '/podtemplates': ['template', 'spec'],
  '/replicationcontrollers': ['spec', 'template', 'spec'],
  'apps/daemonsets': ['spec', 'template', 'spec'],
  'apps/deployments': ['spec', 'template', 'spec'],
  'apps/replicasets': ['spec', 'template', 'spec'],
  'apps/statefulsets': ['spec', 'template', 'spec'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  'batch/jobs': ['spec', 'template', 'spec'],
}

/** The members that lead to it; undefined for other kinds. @param name `GROUP/RESOURCE`. */
export function podSpecPath(name: string): readonly string[] | undefined {
  return paths[name]
}
