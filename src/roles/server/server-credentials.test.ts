import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createHttpServer } from '#kit/http/server.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createAuthority, issueCertificate } from '#kit/tls/issue-certificate.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { defaultCredentials, openServerCredentials, type ServerCredentials } from './server-credentials.ts'

const world = { clock: createClock(), files: createFiles(), random: createRandom() }
const own = 'https://kubernetes.default.svc.cluster.local'

interface Outside extends AsyncDisposable {
  readonly url: string
  readonly authority: string
  readonly asked: string[]
  /** What the webhook answers to a review. */
  answer: (review: { readonly spec: { readonly token: string } }) => unknown
  sign(claims: Readonly<Record<string, unknown>>, issuer?: string): Promise<string>
}

/** An issuer of tokens and a token webhook on one HTTPS port. */
async function startOutside(): Promise<Outside> {
  await using scope = new AsyncDisposableStack()
  const authority = createAuthority(world, 'outside')
  const serving = issueCertificate(world, authority, { commonName: 'issuer', addresses: ['127.0.0.1'] })
  const asked: string[] = []
  const pair = await generateKeyPair('RS256')
  let url = ''
  const outside = { answer: (_review: never): unknown => ({}) }
  const server = scope.use(
    await createHttpServer({
      clock: world.clock,
      listeners: [{ host: '127.0.0.1', port: 0, tls: serving }],
      handler: async (request, response) => {
        asked.push(request.path)
        const json = { 'Content-Type': 'application/json' }
        if (request.path === '/.well-known/openid-configuration')
          response.send(200, JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }), json)
        else if (request.path === '/keys') {
          const key = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
          response.send(200, JSON.stringify({ keys: [key] }), json)
        } else {
          const chunks: Buffer[] = []
          for await (const chunk of request.body) chunks.push(chunk as Buffer)
          const answer = outside.answer(JSON.parse(Buffer.concat(chunks).toString()) as never)
          response.send(answer === undefined ? 500 : 200, JSON.stringify(answer ?? {}), json)
        }
      },
      encodeError: (error) => ({ status: 500, body: String(error) }),
    }),
  )
  const [address] = server.addresses
  url = `https://127.0.0.1:${address !== undefined && 'port' in address ? address.port : 0}`
  const running = scope.move()
  return Object.assign(outside, {
    url,
    authority: authority.certificate,
    asked,
    sign: (claims: Readonly<Record<string, unknown>>, issuer = url): Promise<string> =>
      new SignJWT({ sub: 'jane', aud: 'me', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .setIssuer(issuer)
        .setExpirationTime(Number(claims['exp'] ?? Math.floor(world.clock.now() / 1000) + 60))
        .sign(pair.privateKey),
    [Symbol.asyncDispose]: (): Promise<void> => running.disposeAsync(),
  }) as unknown as Outside
}

interface Opened extends AsyncDisposable {
  readonly credentials: ServerCredentials
  nameOf(token: string): Promise<string | undefined>
}

async function open(
  texts: Readonly<Record<'authenticationFile' | 'tokenWebhookFile', string | undefined>>,
): Promise<Opened> {
  await using scope = new AsyncDisposableStack()
  const folder = scope.use(await world.files.temporaryDirectory('gantry-credentials-'))
  const flags: Record<string, unknown> = { ...defaultCredentials, tokenWebhookVersion: 'v1' }
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) continue
    flags[name] = `${folder.path}/${name}`
    await world.files.write(`${folder.path}/${name}`, text)
  }
  const parts = { world, log: silentLog, ownProxyAuthority: 'PEM', issuer: own }
  const credentials = await openServerCredentials(parts, flags as never, scope)
  const running = scope.move()
  return {
    credentials,
    nameOf: async (token) => {
      for (const one of credentials.tokenAuthenticators ?? []) {
        const user = await one.userOf(token)
        if (user !== undefined) return user.name
      }
      return undefined
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

test('tokens of an issuer name users while they are valid, by keys that are fetched once', async () => {
  await using outside = await startOutside()
  const file = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url: outside.url, audiences: ['me'], certificateAuthority: outside.authority },
        claimMappings: { username: { expression: "'out:' + claims.sub" } },
      },
    ],
  }
  await using opened = await open({ authenticationFile: JSON.stringify(file), tokenWebhookFile: undefined })
  assert.equal(await opened.nameOf(await outside.sign({})), 'out:jane')
  assert.equal(await opened.nameOf(await outside.sign({ sub: 'joe' })), 'out:joe')
  assert.deepEqual(outside.asked, ['/.well-known/openid-configuration', '/keys'], 'keys are fetched once')
  const nowS = Math.floor(world.clock.now() / 1000)
  const refused = [
    await outside.sign({ aud: 'somebody else' }),
    await outside.sign({ exp: nowS - 60 }),
    await outside.sign({}, 'https://elsewhere.example.com'),
    `${(await outside.sign({})).slice(0, -10)}AAAAAAAAAA`,
    'no token',
  ]
  for (const token of refused) assert.equal(await opened.nameOf(token), undefined)
})

test('another text of the file takes its place; a broken one, or another word about anonymous requests, does not', async () => {
  await using outside = await startOutside()
  const textOf = (prefix: string, changes: object = {}): string =>
    JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url: outside.url, audiences: ['me'], certificateAuthority: outside.authority },
          claimMappings: { username: { claim: 'sub', prefix } },
        },
      ],
      ...changes,
    })
  await using opened = await open({ authenticationFile: textOf('a:'), tokenWebhookFile: undefined })
  const { issuers } = opened.credentials
  assert.ok(issuers !== undefined)
  const token = await outside.sign({})
  assert.equal(await opened.nameOf(token), 'a:jane')
  issuers.takeOver(textOf('b:'))
  assert.equal(await opened.nameOf(token), 'b:jane')
  assert.throws(() => issuers.takeOver('kind: Nonsense'), /invalid authentication configuration/)
  assert.throws(() => issuers.takeOver(textOf('c:', { anonymous: { enabled: true } })), {
    message: 'invalid authentication configuration: anonymous: Forbidden: changed from initial configuration file',
  })
  assert.equal(await opened.nameOf(token), 'b:jane', 'the last good one goes on')
  issuers.takeOver(textOf('', { jwt: [] }))
  assert.equal(await opened.nameOf(token), undefined)
})

test('a token webhook is asked once for a token, and a failure is no answer', async () => {
  await using outside = await startOutside()
  const certificate = Buffer.from(outside.authority).toString('base64')
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `${outside.url}/hook`, 'certificate-authority-data': certificate } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  await using opened = await open({ authenticationFile: undefined, tokenWebhookFile: JSON.stringify(kubeconfig) })
  const answers: Readonly<Record<string, unknown>> = {
    good: { authenticated: true, user: { username: 'ann', groups: ['a'], extra: { k: ['v'] } } },
    other: { authenticated: true, user: { username: 'ann' }, audiences: ['somebody else'] },
    nameless: { authenticated: true, user: {} },
    bad: { authenticated: false },
  }
  outside.answer = ({ spec }) => (spec.token in answers ? { status: answers[spec.token] } : undefined)
  assert.equal(await opened.nameOf('good'), 'ann')
  assert.equal(await opened.nameOf('good'), 'ann')
  assert.equal(outside.asked.length, 1)
  for (const token of ['other', 'nameless', 'bad', 'broken']) assert.equal(await opened.nameOf(token), undefined)
  assert.equal(await opened.nameOf('broken'), undefined)
  assert.equal(outside.asked.length, 6, 'a failure is not remembered')
})

test('files that are missing or malformed stop the start', async () => {
  await using scope = new AsyncDisposableStack()
  const parts = { world, log: silentLog, ownProxyAuthority: 'PEM', issuer: own }
  const flags = { ...defaultCredentials, authenticationFile: '/nowhere/file' }
  await assert.rejects(openServerCredentials(parts, flags, scope), { code: 'ENOENT' })
  await assert.rejects(open({ authenticationFile: 'kind: X', tokenWebhookFile: undefined }), /invalid authentication/)
})
