import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMaps } from '#clients/kubernetes/resources.table.ts'
import { serveApi } from '../served-api.contract.ts'

const place = { namespace: 'default' }

test('a patch after which the object cannot be read is refused with what Go makes of it: by name where it was touched', async () => {
  await using served = await serveApi()
  await served.admin.create(configMaps, { metadata: { name: 'c', ...place }, data: { z: '<1>' } } as never, place)
  const told = await served.admin
    .patch(configMaps, 'c', { data: { n: 1 } } as never, { ...place, type: 'merge' })
    .then(() => '', String)
  assert.match(
    told,
    /Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"n\\":1,\\"z\\":\\"\\\\u003c1\\\\u003e\\"},/,
  )
  assert.match(told, /\\"kind\\":\\"ConfigMap\\",\\"metadata\\":{\\"name\\":\\"c\\",\\"namespace\\":\\"default\\",/)
})
