import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointAddress } from '#spec/kubernetes/objects/core-v1.generated.ts'
import { repackSubsets } from './repack-subsets.ts'

const pod = (ip: string): EndpointAddress => ({ ip, targetRef: { kind: 'Pod', name: ip, uid: `uid-${ip}` } })
const [one, two, three] = [pod('10.0.0.1'), pod('10.0.0.2'), pod('10.0.0.3')]
const port = (number: number, name: string) => ({ name, port: number, protocol: 'TCP' as const })

test('an address stands once with every port that others have alike, and apart with those that it has alone', () => {
  const subsets = [
    { addresses: [one], ports: [port(80, 'a')] },
    { addresses: [two], ports: [port(80, 'a'), port(90, 'b')] },
    { addresses: [three], ports: [port(91, 'b')] },
  ]
  assert.deepEqual(repackSubsets(subsets), [
    { addresses: [one, two], ports: [port(80, 'a')] },
    { addresses: [two], ports: [port(90, 'b')] },
    { addresses: [three], ports: [port(91, 'b')] },
  ])
})

test('ports of the same addresses stand together, the ready ones apart from the others', () => {
  const all = { addresses: [two, one], notReadyAddresses: [three] }
  const ports = [port(80, 'a'), port(90, 'b')]
  assert.deepEqual(repackSubsets(ports.map((each) => ({ ...all, ports: [each] }))), [
    { addresses: [one, two], notReadyAddresses: [three], ports },
  ])
})

test('an address that is ready and not ready on a port is not', () => {
  const ports = [port(80, 'a')]
  assert.deepEqual(
    repackSubsets([
      { addresses: [one], ports },
      { notReadyAddresses: [one], ports },
    ]),
    [{ notReadyAddresses: [one], ports }],
  )
})

test('what is said of an address first holds wherever it stands, and addresses without ports are kept', () => {
  const named = { ip: '10.0.0.9', hostname: 'h' }
  assert.deepEqual(
    repackSubsets([{ addresses: [named], ports: [port(80, 'a')] }, { addresses: [{ ip: '10.0.0.9' }] }]),
    [{ addresses: [named], ports: [port(80, 'a')] }],
  )
  assert.deepEqual(repackSubsets([{ addresses: [named] }]), [{ addresses: [named] }])
})
