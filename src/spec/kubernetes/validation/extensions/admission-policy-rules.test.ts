import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateUpdate } from '../validate.ts'

test('what type checking found says where and what', () => {
  const kind = { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingAdmissionPolicy' }
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: kind.kind,
    metadata: { name: 'p', resourceVersion: '1' },
    spec: {},
    status: { typeChecking: { expressionWarnings: [{ fieldRef: ' ', warning: '' }] } },
  }
  const found = validateUpdate(kind, policy as never, { ...policy, status: {} } as never, { subresource: 'status' })
  const at = 'status.typeChecking.expressionWarnings[0]'
  assert.deepEqual(
    found.map(({ field }) => field),
    [`${at}.warning`, `${at}.fieldRef`],
  )
})
