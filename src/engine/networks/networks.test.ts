import assert from 'node:assert/strict'
import { connect as connectTcp } from 'node:net'
import test from 'node:test'
import { networksFixture } from './networks.contract.ts'

test('containers get addresses, gateway and MAC as Docker gives them', async () => {
  await using engine = await networksFixture()
  const id = await engine.join('one', ['bridge'])
  const [endpoint] = engine.networks.sandbox(id)?.endpoints ?? []
  console.log(endpoint, await engine.inside(id, 'ip -o addr; ip route'))
})
