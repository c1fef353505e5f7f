import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpServer } from '#kit/http/server.ts'
import { silentLog } from '#kit/telemetry/log.ts'
import { createMetrics } from '#kit/telemetry/metrics.ts'
import { createAuthority, issueCertificate } from '#kit/tls/issue-certificate.ts'
import { createClock } from '#world/real/clock.ts'
import { createFiles } from '#world/real/files.ts'
import { createRandom } from '#world/real/random.ts'
import { defaultAuthorization } from './authorization-flags.ts'
import { openServerAuthorization } from './server-authorization.ts'

const world = { clock: createClock(), files: createFiles(), random: createRandom() }
const parts = { world, log: silentLog, metrics: createMetrics() }

interface Hook extends AsyncDisposable {
  /** A kubeconfig that names it, with its authority beside. */
  readonly kubeconfig: string
  readonly authority: string
  readonly reviews: { readonly apiVersion: string; readonly spec: unknown }[]
}

/** A webhook that allows what jane asks. */
async function startHook(): Promise<Hook> {
  const authority = createAuthority(world, 'hooks')
  const serving = issueCertificate(world, authority, { commonName: 'hook', addresses: ['127.0.0.1'] })
  const reviews: { readonly apiVersion: string; readonly spec: { readonly user?: string } }[] = []
  const server = await createHttpServer({
    clock: world.clock,
    listeners: [{ host: '127.0.0.1', port: 0, tls: serving }],
    handler: async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request.body) chunks.push(chunk as Buffer)
      const review = JSON.parse(Buffer.concat(chunks).toString()) as (typeof reviews)[number]
      reviews.push(review)
      const status = { allowed: review.spec.user === 'jane', reason: request.path }
      response.json(200, { ...review, status })
    },
    encodeError: (error) => ({ status: 500, body: String(error) }),
  })
  const [address] = server.addresses
  const port = address !== undefined && 'port' in address ? address.port : 0
  const cluster = { server: `https://127.0.0.1:${port}/ask`, 'certificate-authority': 'ca.crt' }
  const kubeconfig = JSON.stringify({
    clusters: [{ name: 'c', cluster }],
    contexts: [{ name: 'x', context: { cluster: 'c' } }],
    'current-context': 'x',
  })
  return {
    kubeconfig,
    authority: authority.certificate,
    reviews,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const question = {
  ...{ verb: 'get', isResource: true, group: '', resource: 'pods', subresource: '' },
  ...{ namespace: 'default', name: 'p', path: '' },
}
const jane = { name: 'jane', groups: ['dev'] }

test('a webhook of the flags is asked over HTTPS, in the version that they say', async () => {
  await using hook = await startHook()
  await using folder = await world.files.temporaryDirectory('gantry-authorization-')
  const webhookFile = `${folder.path}/hook.yaml`
  await world.files.write(webhookFile, hook.kubeconfig)
  await world.files.write(`${folder.path}/ca.crt`, hook.authority)
  const flags = { ...defaultAuthorization, modes: ['Webhook'], webhookFile }
  await using opened = await openServerAuthorization(parts, flags)
  assert.equal(opened.file, undefined)
  const [link] = opened.links
  assert.deepEqual(await link?.authorizer?.decide({ ...question, user: jane }), { allowed: true, reason: '/ask' })
  const [review] = hook.reviews
  assert.equal(review?.apiVersion, 'authorization.k8s.io/v1beta1')
  assert.deepEqual(review.spec, {
    resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods', name: 'p' },
    user: 'jane',
    group: ['dev'],
  })
})

test('a file of authorisers is opened, and another text of it with new webhooks; a broken one is refused', async () => {
  await using hook = await startHook()
  await using folder = await world.files.temporaryDirectory('gantry-authorization-')
  const at = (name: string): string => `${folder.path}/${name}`
  await world.files.write(at('hook.yaml'), hook.kubeconfig)
  await world.files.write(at('ca.crt'), hook.authority)
  const textOf = (...authorizers: readonly object[]): string =>
    JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers })
  const webhook = (name: string, file = 'hook.yaml'): object => ({
    type: 'Webhook',
    name,
    webhook: {
      timeout: '3s',
      subjectAccessReviewVersion: 'v1',
      failurePolicy: 'Deny',
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: at(file) },
    },
  })
  const rbac = { type: 'RBAC', name: 'rbac' }
  await world.files.write(at('config.yaml'), textOf(webhook('first'), rbac))
  await using opened = await openServerAuthorization(parts, { ...defaultAuthorization, file: at('config.yaml') })
  assert.deepEqual(
    opened.links.map(({ type, name }) => `${type} ${name}`),
    ['Webhook first', 'RBAC rbac'],
  )
  await assert.rejects(opened.reopen(textOf(webhook('second'))), /missing required types: \[RBAC\]/)
  await assert.rejects(opened.reopen(textOf(rbac, webhook('second', 'nowhere.yaml'))), { code: 'ENOENT' })
  const [first] = opened.links
  assert.equal(
    (await first?.authorizer?.decide({ ...question, user: jane }))?.allowed,
    true,
    'the last good one goes on',
  )
  const [, second] = await opened.reopen(textOf(rbac, webhook('second')))
  assert.equal(second?.name, 'second')
  assert.equal((await second.authorizer?.decide({ ...question, user: { name: 'joe', groups: [] } }))?.allowed, false)
})
