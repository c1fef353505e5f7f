import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { hashSync } from 'bcryptjs'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import {
  client,
  closeClients,
  folder,
  hostOf,
  http,
  puller,
  pushImage,
  pusher,
  serve,
} from './registry-fixture.contract.ts'

after(closeClients)

test('htpasswd: only who is known gets in, and only with the right password', async (context) => {
  const root = folder(context)
  const path = join(root, 'passwords')
  writeFileSync(path, `# people\nwalker:${hashSync('s3cret', 4)}\nold:$apr1$abc$def\n`)
  const registry = await serve(context, { root, auth: { kind: 'htpasswd', path } })
  const anonymous = await http.request({ url: `${registry.url}/v2/` })
  assert.equal(anonymous.status, 401)
  assert.equal(anonymous.header('www-authenticate'), 'Basic realm="gantry registry"')
  await pushImage(await pusher(registry, 'a/b', { username: 'walker', password: 's3cret' }), 'x', randomBytes(10))
  for (const credentials of [
    { username: 'walker', password: 'wrong' },
    { username: 'nobody', password: 's3cret' },
    { username: 'old', password: 'x' },
  ]) {
    await assert.rejects(client.login(hostOf(registry), credentials), (error) => isErrorKind(error, 'unauthorized'))
  }
  assert.deepEqual(await client.login(hostOf(registry), { username: 'walker', password: 's3cret' }), {
    identityToken: '',
  })
  writeFileSync(path, `someone:${hashSync('else', 4)}\n`)
  await assert.rejects(client.login(hostOf(registry), { username: 'walker', password: 's3cret' }), (error) =>
    isErrorKind(error, 'unauthorized'),
  )
})

test('tokens: rules say who may pull, push and delete what; an identity token replaces the password', async (context) => {
  const root = folder(context)
  const passwordFile = join(root, 'passwords')
  writeFileSync(passwordFile, `admin:${hashSync('a', 4)}\nreader:${hashSync('r', 4)}\n`)
  const rules = [
    { account: 'admin', repository: '*', actions: ['*'] },
    { account: 'reader', repository: 'team/*', actions: ['pull'] },
    { account: '', repository: 'public/*', actions: ['pull'] },
  ] as const
  const registry = await serve(context, {
    root,
    auth: { kind: 'token', passwordFile, service: 'test', issuer: 'test', rules },
  })
  const admin = { username: 'admin', password: 'a' }
  for (const path of ['team/app', 'public/app', 'secret/app'])
    await pushImage(await pusher(registry, path, admin), 'x', randomBytes(10))
  const challenge = await http.request({ url: `${registry.url}/v2/team/app/manifests/x` })
  assert.equal(
    challenge.header('www-authenticate'),
    `Bearer realm="${registry.url}/token",service="test",scope="repository:team/app:pull"`,
  )
  const reader = { username: 'reader', password: 'r' }
  await (await puller(registry, 'team/app', reader)).manifest('x')
  await (await puller(registry, 'public/app')).manifest('x')
  const denied = { message: 'denied: requested access to the resource is denied' }
  await assert.rejects((await puller(registry, 'secret/app', reader)).manifest('x'), denied)
  await assert.rejects((await puller(registry, 'team/app')).manifest('x'), denied)
  await assert.rejects(pushImage(await pusher(registry, 'team/app', reader), 'y', randomBytes(10)), denied)
  const { identityToken } = await client.login(hostOf(registry), reader)
  await (await puller(registry, 'team/app', { identitytoken: identityToken })).manifest('x')
  await assert.rejects(
    (await puller(registry, 'team/app', { identitytoken: `${identityToken.slice(0, -4)}AAAA` })).manifest('x'),
    (error) => isErrorKind(error, 'unauthorized'),
  )
  const forged = await http.request({
    url: `${registry.url}/v2/secret/app/manifests/x`,
    headers: { authorization: `Bearer ${identityToken}` },
  })
  assert.equal(forged.status, 401, 'an identity token is no access token')
})
