import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestInfoOf } from './request-info.ts'

const rows: readonly (readonly [method: string, path: string, expected: string])[] = [
  ['GET', '/api/v1/pods', 'list /v1 - pods - -'],
  ['GET', '/api/v1/namespaces/a/pods', 'list /v1 a pods - -'],
  ['GET', '/api/v1/namespaces/a/pods/p', 'get /v1 a pods p -'],
  ['PUT', '/api/v1/namespaces/a/pods/p/status', 'update /v1 a pods p status'],
  ['GET', '/api/v1/namespaces/a', 'get /v1 a namespaces a -'],
  ['PUT', '/api/v1/namespaces/a/finalize', 'update /v1 a namespaces a finalize'],
  ['DELETE', '/apis/apps/v1/namespaces/a/deployments', 'deletecollection apps/v1 a deployments - -'],
  ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale', 'patch apps/v1 a deployments d scale'],
  ['GET', '/api/v1/watch/namespaces/a/pods', 'watch /v1 a pods - -'],
  ['GET', '/api/v1/nodes/n/proxy/metrics/x', 'get /v1 - nodes n proxy'],
  ['GET', '/api/v1/namespaces/a/services/s%3Aweb/proxy', 'get /v1 a services s:web proxy'],
]

for (const [method, path, expected] of rows) {
  test(`${method} ${path} asks to ${expected}`, () => {
    const info = requestInfoOf(method, path, { watch: false, fieldSelector: '' })
    const { verb, group, version, namespace, resource, name, subresource } = info
    const words = [verb, `${group}/${version}`, namespace || '-', resource, name || '-', subresource || '-']
    assert.equal(words.join(' '), expected)
  })
}

test('a list of one name is authorised for that name', () => {
  const info = requestInfoOf('GET', '/api/v1/pods', { watch: true, fieldSelector: 'metadata.name=p' })
  assert.deepEqual([info.verb, info.name], ['watch', 'p'])
})

for (const path of ['/', '/api', '/apis', '/api/v1', '/apis/apps/v1', '/healthz', '/api/v1/%zz']) {
  test(`${path} is no resource`, () => {
    assert.equal(requestInfoOf('GET', path, { watch: false, fieldSelector: '' }).isResource, false)
  })
}
