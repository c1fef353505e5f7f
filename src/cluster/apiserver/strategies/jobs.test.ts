import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobs } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

const job = (name: string, labels?: object): never =>
  ({
    metadata: { name, namespace: 'default', ...(labels === undefined ? {} : { labels }) },
    spec: {
      suspend: true,
      template: {
        metadata: { labels: { app: 'batch' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
      },
    },
  }) as never

test('a job that takes its labels over from its template takes those over that the server adds there', async () => {
  await using served = await serveApi()
  const { metadata, spec } = await served.admin.create(jobs, job('taken'))
  const added = {
    'batch.kubernetes.io/controller-uid': metadata.uid,
    'batch.kubernetes.io/job-name': 'taken',
    'controller-uid': metadata.uid,
    'job-name': 'taken',
  }
  assert.deepEqual(spec?.template.metadata?.labels, { app: 'batch', ...added })
  assert.deepEqual(metadata.labels, { app: 'batch', ...added })
})

test('a job with labels of its own keeps those, also when they are the same', async () => {
  await using served = await serveApi()
  const { metadata } = await served.admin.create(jobs, job('own', { app: 'batch' }))
  assert.deepEqual(metadata.labels, { app: 'batch' })
})
