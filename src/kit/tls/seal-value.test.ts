import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '#world/real/random.ts'
import { createValueSeal, sealKeyBytes, type SealKind } from './seal-value.ts'

const random = createRandom()
const kinds: readonly SealKind[] = ['aesgcm', 'aescbc', 'secretbox']
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

for (const kind of kinds) {
  test(`${kind}: what was sealed opens to the same bytes, and never looks the same twice`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...sealKeyBytes[kind]), (value, keyBytes) => {
        const seal = createValueSeal(kind, random.bytes(keyBytes), random)
        const sealed = seal.seal(value, '/a')
        assert.deepEqual(seal.open(sealed, '/a'), Buffer.from(value))
        assert.notDeepEqual(seal.seal(value, '/a'), sealed)
      }),
    )
  })

  test(`${kind}: another key, a cut or empty value does not open`, () => {
    const [one, other] = [
      createValueSeal(kind, random.bytes(32), random),
      createValueSeal(kind, random.bytes(32), random),
    ]
    const sealed = one.seal(Buffer.from('x'.repeat(100)), '/a')
    // Without a tag, one wrong key in 256 leaves padding that looks right: what comes out is never the value.
    if (kind !== 'aescbc') assert.throws(() => other.open(sealed, '/a'))
    for (const length of [0, 1, 15, 30]) assert.throws(() => one.open(sealed.subarray(0, length), '/a'), `${length}`)
    assert.throws(() => createValueSeal(kind, random.bytes(31), random))
  })
}

for (const kind of ['aesgcm', 'secretbox'] as const)
  test(`${kind}: a value that was changed anywhere does not open`, () => {
    const seal = createValueSeal(kind, random.bytes(32), random)
    const sealed = seal.seal(Buffer.from('secret'), '/a')
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.throws(() => seal.open(changed, '/a'), `byte ${at}`)
    }
  })

test('aesgcm: a value that was moved to another place does not open', () => {
  const seal = createValueSeal('aesgcm', random.bytes(32), random)
  assert.throws(() => seal.open(seal.seal(Buffer.from('secret'), '/a'), '/b'))
})

// The vector of NaCl's own tests (tests/secretbox.c).
test('secretbox: opens what NaCl sealed', () => {
  const key = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389')
  const nonce = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37')
  const box = hex(
    'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
  )
  const opened = createValueSeal('secretbox', key, random).open(Buffer.concat([nonce, box]), '')
  assert.equal(opened.toString('hex').slice(0, 32), 'be075fc53c81f2d5cf141316ebeb0c7b')
})
