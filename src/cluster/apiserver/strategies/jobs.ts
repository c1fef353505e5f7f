/** Jobs: unless told otherwise, a job selects its pods by its own uid, written into selector and template. */
import { type ApiObject, objectAt, withMetadata } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

export const jobStrategy: Partial<Strategy> = {
  // The batch API kept the behaviour of its first releases.
  defaultPropagation: 'Orphan',
  prepareCreate: (job) => {
    const spec = objectAt(job, 'spec')
    const manual = spec['manualSelector'] === true
    return manual ? job : withOwnSelector(job)
  },
}

function withOwnSelector(job: ApiObject): ApiObject {
  const spec = objectAt(job, 'spec')
  const template = objectAt(spec, 'template')
  const metadata = objectAt(template, 'metadata')
  const uid = job.metadata.uid ?? ''
  const name = job.metadata.name ?? ''
  const selector = objectAt(spec, 'selector')
  const chosen = { 'batch.kubernetes.io/controller-uid': uid }
  const labels = {
    ...objectAt(metadata, 'labels'),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
  // Labels that a job took over from its template are those of the template, later ones included.
  const isTakenOver = metadata['labels'] !== undefined && job.metadata.labels === metadata['labels']
  return {
    ...(isTakenOver ? withMetadata(job, { labels }) : job),
    spec: {
      ...spec,
      selector: { ...selector, matchLabels: { ...objectAt(selector, 'matchLabels'), ...chosen } },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  }
}
