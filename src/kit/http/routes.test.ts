import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRouter } from './routes.ts'

const route = (method: string, path: string): { method: string; path: string; handler: string } => ({
  method,
  path,
  handler: `${method} ${path}`,
})

const router = createRouter([
  route('GET', '/containers/json'),
  route('GET', '/containers/{name}/json'),
  route('DELETE', '/containers/{name}'),
  route('GET', '/images/json'),
  route('POST', '/images/create'),
  route('GET', '/images/{name...}/json'),
  route('DELETE', '/images/{name...}'),
  route('GET', '/networks/'),
  route('GET', '/v2/{name...}/blobs/{digest}'),
])

test('a path finds its row and the values of its placeholders', () => {
  const rows: [string, string, string | undefined, Record<string, string>?][] = [
    ['GET', '/containers/json', '/containers/json'],
    ['GET', '/containers/web/json', '/containers/{name}/json', { name: 'web' }],
    ['GET', '/images/json', '/images/json'],
    ['GET', '/images/library/busybox:1/json', '/images/{name...}/json', { name: 'library/busybox:1' }],
    ['GET', '/images/a/json/json', '/images/{name...}/json', { name: 'a/json' }],
    ['GET', '/images/library%2Fbusybox/json', '/images/{name...}/json', { name: 'library/busybox' }],
    ['DELETE', '/images/create', '/images/{name...}', { name: 'create' }],
    ['GET', '/networks/', '/networks/'],
    ['GET', '/networks', undefined],
    ['GET', '/v2/a/blobs/b/blobs/sha256:1', '/v2/{name...}/blobs/{digest}', { name: 'a/blobs/b', digest: 'sha256:1' }],
    ['GET', '/containers//json', undefined],
    ['GET', '/containers/%zz/json', undefined],
    ['POST', '/containers/json', undefined],
    ['GET', 'containers/json', undefined],
    ['GET', '/', undefined],
  ]
  for (const [method, path, want, params] of rows) {
    const found = router.match(method, path)
    assert.equal(found?.route.path, want, `${method} ${path}`)
    if (params !== undefined) assert.deepEqual({ ...found?.params }, params)
  }
})

test('the methods at a path are known, so that a wrong one can be told from an unknown path', () => {
  assert.deepEqual(router.methodsAt('/containers/json'), ['DELETE', 'GET'])
  assert.deepEqual(router.methodsAt('/images/create'), ['DELETE', 'POST'])
  assert.deepEqual(router.methodsAt('/nothing/here'), [])
})

test('a table with two equal rows or a malformed path is refused', () => {
  assert.throws(() => createRouter([route('GET', '/a/{x}'), route('GET', '/a/{y}')]), /two routes/)
  assert.throws(() => createRouter([route('GET', '/a/{x')]), /malformed/)
  assert.throws(() => createRouter([route('GET', '/{x}/{x}')]), /malformed/)
  assert.throws(() => createRouter([route('GET', 'a')]), /slash/)
})

test('any name without empty segments survives the greedy placeholder', () => {
  const segment = fc.stringMatching(/^[a-z0-9._:-]{1,8}$/)
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
      const name = segments.join('/')
      assert.equal(router.match('GET', `/images/${encodeURIComponent(name)}/json`)?.params['name'], name)
    }),
  )
})
