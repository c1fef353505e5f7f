import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parsePlatform, formatPlatform, platformMatches } from './platform.ts'
import { familiarReference, formatReference, parseReference, withDefaultTag } from './reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('short names are completed and completed names shown short', () => {
  const rows: [string, string, string][] = [
    ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['user/app:1', 'docker.io/user/app:1', 'user/app:1'],
    ['index.docker.io/library/x', 'docker.io/library/x:latest', 'x:latest'],
    ['docker.io/x', 'docker.io/library/x:latest', 'x:latest'],
    ['localhost/x', 'localhost/x:latest', 'localhost/x:latest'],
    ['localhost:5000/a/b:T_1.x-y', 'localhost:5000/a/b:T_1.x-y', 'localhost:5000/a/b:T_1.x-y'],
    ['127.0.0.1:5000/a', '127.0.0.1:5000/a:latest', '127.0.0.1:5000/a:latest'],
    ['[::1]:5000/a', '[::1]:5000/a:latest', '[::1]:5000/a:latest'],
    ['Reg.Example/a', 'Reg.Example/a:latest', 'Reg.Example/a:latest'],
    ['a__b/c-d.e', 'docker.io/a__b/c-d.e:latest', 'a__b/c-d.e:latest'],
    [`x@${digest}`, `docker.io/library/x@${digest}`, `x@${digest}`],
    [`x:1@${digest}`, `docker.io/library/x:1@${digest}`, `x:1@${digest}`],
  ]
  for (const [given, complete, familiar] of rows) {
    const reference = withDefaultTag(parseReference(given))
    assert.equal(formatReference(reference), complete)
    assert.equal(familiarReference(reference), familiar)
  }
})

test('what is no reference is refused in the words of the CLI', () => {
  const rows: [string, string][] = [
    ['', 'invalid reference format'],
    ['Bad', 'invalid reference format: repository name (library/Bad) must be lowercase'],
    ['Bad:Name:x', 'invalid reference format: repository name (library/Bad) must be lowercase'],
    ['a/b/C', 'invalid reference format: repository name (a/b/C) must be lowercase'],
    ['Bad Name', 'invalid reference format: repository name (library/Bad Name) must be lowercase'],
    ['a b', 'invalid reference format'],
    ['x:', 'invalid reference format'],
    ['x:-1', 'invalid reference format'],
    [`x:${'1'.repeat(129)}`, 'invalid reference format'],
    ['-x', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['x@sha256:abc', 'invalid checksum digest length'],
    ['f'.repeat(64), `invalid repository name (${'f'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
    [`a/${'b'.repeat(256)}`, 'repository name must not be more than 255 characters'],
  ]
  for (const [given, message] of rows) assert.throws(() => parseReference(given), { message, kind: 'invalid' }, given)
})

test('a reference that parses is itself again after being written, in both forms', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b1', '/', ':', '@', '.', '-', '_', 'localhost', 'x.io', '5000', 'A', digest), {
      maxLength: 8,
    })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, (given) => {
      let reference
      try {
        reference = parseReference(given)
      } catch {
        return
      }
      assert.deepEqual(parseReference(formatReference(reference)), reference)
      assert.deepEqual(parseReference(familiarReference(reference)), reference)
    }),
    { numRuns: 2000 },
  )
})

test('platforms are read, normalised and matched', () => {
  const rows: [string, string][] = [
    ['linux/amd64', 'linux/amd64'],
    ['x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['windows', 'windows/amd64'],
  ]
  for (const [given, normal] of rows) assert.equal(formatPlatform(parsePlatform(given)), normal)
  for (const bad of ['a/b/c/d', 'linux/', '', 'li nux/x']) assert.throws(() => parsePlatform(bad), { kind: 'invalid' })
  assert.ok(platformMatches(parsePlatform('linux/arm/v7'), parsePlatform('linux/arm/v6')))
  assert.ok(!platformMatches(parsePlatform('linux/arm/v6'), parsePlatform('linux/arm/v7')))
  assert.ok(!platformMatches(parsePlatform('linux/amd64'), parsePlatform('linux/arm64')))
})
