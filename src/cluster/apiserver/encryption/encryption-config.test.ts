import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEncryptionConfig } from './encryption-config.ts'

const key = Buffer.alloc(32).toString('base64')
const config = (resources: string): string =>
  `{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: ${resources} }`
const one = (resources: string, provider: string): string =>
  config(`[{ resources: ${resources}, providers: [${provider}] }]`)
const keys = (secret: string, name: string = 'k'): string => `{ keys: [{ name: '${name}', secret: '${secret}' }] }`

test('providers and keys keep their order', () => {
  const { resources } = parseEncryptionConfig(
    config(
      `[{ resources: [secrets, '*.apps'], providers: [{ aesgcm: ${keys(key)} }, { secretbox: ${keys(key)} }, { identity: {} }] }]`,
    ),
  )
  assert.deepEqual(
    resources[0]?.providers.map((provider) => Object.keys(provider)[0]),
    ['aesgcm', 'secretbox', 'identity'],
  )
})

for (const [what, text, problem] of [
  ['no resources', config('[]'), /resources/],
  ['no providers', config('[{ resources: [secrets], providers: [] }]'), /providers/],
  [
    'two providers in one element',
    one('[secrets]', `{ identity: {}, aescbc: ${keys(key)} }`),
    /split into different list elements/,
  ],
  ['a provider that there is not', one('[secrets]', '{ rot13: {} }'), /rot13/],
  ['a key that is no base64', one('[secrets]', `{ aescbc: ${keys('%%')} }`), /secrets must be base64 encoded/],
  ['a short key', one('[secrets]', `{ secretbox: ${keys('AAAA')} }`), /got 3, expected one of \[32\]/],
  ['a key without name', one('[secrets]', `{ aescbc: ${keys(key, '')} }`), /name/],
  ['a name with a colon', one('[secrets]', `{ aescbc: ${keys(key, 'a:b')} }`), /must not contain ':'/],
  ['the same resource twice', one('[secrets, secrets]', '{ identity: {} }'), /multiple times/],
  ['a resource within a wider one', one("[secrets, '*.']", '{ identity: {} }'), /overlapping/],
  ['a lone star', one("['*']", '{ identity: {} }'), /use '\*\.'/],
  ['a resource of every group', one("['pods.*']", '{ identity: {} }'), /across groups/],
  ['capital letters', one('[Secrets]', '{ identity: {} }'), /capital letters/],
  [
    'a rule behind a wider one',
    config(
      "[{ resources: ['*.*'], providers: [{ identity: {} }] }, { resources: [secrets], providers: [{ identity: {} }] }]",
    ),
    /"secrets" is masked by earlier rule "\*\.\*"/,
  ],
] as const)
  test(`a configuration with ${what} is refused`, () => {
    assert.throws(() => parseEncryptionConfig(text), problem)
  })
