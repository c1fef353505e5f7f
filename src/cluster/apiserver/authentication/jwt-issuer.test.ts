import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { silentLog } from '#kit/telemetry/log.ts'
import type { Clock } from '#world/ports/clock.ts'
import { parseAuthenticationConfig } from './authentication-config.ts'
import { createJwtAuthenticator } from './jwt-issuer.ts'

const url = 'https://issuer.example.com'
const file = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [
    {
      issuer: { url, audiences: ['me'], discoveryURL: 'https://inside.example.com/document' },
      claimMappings: { username: { claim: 'sub', prefix: '' } },
    },
  ],
}

test('keys are fetched where the file says, and again when a token names another, but not for every such token', async () => {
  let nowMs = 1_800_000_000_000
  const asked: string[] = []
  let pair = await generateKeyPair('ES256')
  let kid = 'first'
  const [issuer] = parseAuthenticationConfig(JSON.stringify(file), []).issuers
  assert.ok(issuer)
  const authenticator = createJwtAuthenticator(issuer, {
    clock: { now: () => nowMs } as unknown as Clock,
    log: silentLog,
    fetchDocument: async (address) => {
      asked.push(address)
      if (address !== `${url}/keys`) return { issuer: url, jwks_uri: `${url}/keys` }
      return { keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' }] }
    },
  })
  const sign = (name: string = kid): Promise<string> =>
    new SignJWT({ sub: 'jane', aud: ['other', 'me'] })
      .setProtectedHeader({ alg: 'ES256', kid: name })
      .setIssuer(url)
      .setExpirationTime(nowMs / 1000 + 3600)
      .sign(pair.privateKey)
  const nameOf = async (token: string): Promise<string | undefined> => (await authenticator.userOf(token))?.name
  const old = await sign()
  assert.deepEqual(await Promise.all([nameOf(old), nameOf(await sign())]), ['jane', 'jane'])
  assert.deepEqual(asked, ['https://inside.example.com/document', `${url}/keys`])
  for (let times = 0; times < 5; times++) assert.equal(await nameOf(await sign('unknown')), undefined)
  assert.equal(asked.length, 2, 'keys that were just fetched are not fetched again')
  nowMs += 11_000
  pair = await generateKeyPair('ES256')
  kid = 'second'
  assert.equal(await nameOf(await sign()), 'jane')
  assert.equal(asked.length, 4)
  assert.equal(await nameOf(old), undefined, 'the old key is gone')
  nowMs += 3_700_000
  assert.equal(await nameOf(await sign()), 'jane')
})
