import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEncryptionConfig } from './encryption-config.ts'

const key = Buffer.alloc(32).toString('base64')
const config = (resources: string): string =>
  `{ apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: ${resources} }`
const one = (resources: string, provider: string): string =>
  config(`[{ resources: ${resources}, providers: [${provider}] }]`)
const keys = (secret: string, name: string = 'k'): string => `{ keys: [{ name: '${name}', secret: '${secret}' }] }`

const kms = (members: string): string => `{ kms: { endpoint: 'unix:///run/kms.sock', ${members} } }`

test('a plugin has three seconds unless it is told otherwise', () => {
  const timeoutOf = (members: string): number | undefined =>
    parseEncryptionConfig(one('[secrets]', kms(`apiVersion: v2, name: a${members}`))).resources[0]?.providers[0]?.kms
      ?.timeoutMs
  assert.equal(timeoutOf(''), 3000)
  assert.equal(timeoutOf(', timeout: 500ms'), 500)
})

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
  ['a plugin of the first version', one('[secrets]', kms('name: a')), /KMSv1 is deprecated/],
  ['a plugin of no version', one('[secrets]', kms('apiVersion: v3, name: a')), /unsupported apiVersion v3/],
  ['a plugin without name', one('[secrets]', kms("apiVersion: v2, name: ''")), /name is a mandatory field/],
  ['a plugin with a colon in its name', one('[secrets]', kms("apiVersion: v2, name: 'a:b'")), /must not contain ':'/],
  [
    'a plugin over the network',
    one('[secrets]', `{ kms: { apiVersion: v2, name: a, endpoint: 'tcp://a' } }`),
    /unsupported scheme "tcp" for KMS provider, only unix is supported/,
  ],
  [
    'a plugin without time',
    one('[secrets]', kms('apiVersion: v2, name: a, timeout: 0s')),
    /timeout should be a positive/,
  ],
  [
    'a cache of a plugin',
    one('[secrets]', kms('apiVersion: v2, name: a, cachesize: 10')),
    /cachesize is not supported/,
  ],
  [
    'two plugins of one name',
    one('[secrets]', `${kms('apiVersion: v2, name: a')}, ${kms('apiVersion: v2, name: a')}`),
    /duplicate KMS provider name a, names must be unique/,
  ],
] as const)
  test(`a configuration with ${what} is refused`, () => {
    assert.throws(() => parseEncryptionConfig(text), problem)
  })
