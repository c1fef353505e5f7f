import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kubernetesFiles } from '../../../../tools/generate/kubernetes-schema.ts'
import { readFileSync } from 'node:fs'
import { builtInKinds, parseGroupVersion, typeOfKind } from './kinds.ts'
import { builtInTypes } from './type-rows.ts'

test('the generated files are what the table gives', () => {
  for (const [path, text] of kubernetesFiles()) {
    assert.equal(
      readFileSync(new URL(`../${path}`, import.meta.url), 'utf8') === text,
      true,
      `${path} is stale: npm run generate`,
    )
  }
})

test('groups come in discovery order with their preferred version first', () => {
  const groups = builtInKinds.servedGroups()
  assert.deepEqual(
    groups.slice(0, 4).map((group) => group.group),
    ['', 'apiregistration.k8s.io', 'apps', 'events.k8s.io'],
  )
  assert.deepEqual(groups.find((group) => group.group === 'autoscaling')?.versions, ['v2', 'v1'])
  assert.deepEqual(
    groups.slice(-2).map((group) => group.group),
    ['resource.k8s.io', 'flowcontrol.apiserver.k8s.io'],
  )
})

test('a resource is found by its plural name and carries what discovery shows', () => {
  const pods = builtInKinds.findResource('v1', 'pods')
  assert.equal(pods?.kind, 'Pod')
  assert.equal(pods.namespaced, true)
  assert.deepEqual(pods.shortNames, ['po'])
  assert.equal(pods.storageVersionHash, 'xPOwRZ+Yhw8=')
  assert.equal(
    pods.subresources?.some((sub) => sub.name === 'ephemeralcontainers'),
    true,
  )
  assert.equal(builtInKinds.findResource('v1', 'pod'), undefined)
})

test('every kind has a type whose fields all resolve', () => {
  for (const kind of builtInKinds.kinds)
    assert.notEqual(
      typeOfKind(kind.group === '' ? kind.version : `${kind.group}/${kind.version}`, kind.kind),
      undefined,
      kind.kind,
    )
  for (const name of builtInTypes.names()) {
    for (const field of builtInTypes.find(name)?.struct?.fields ?? [])
      assert.notEqual(field.type.goName, '', `${name}.${field.json}`)
  }
})

test('inlined structs are opened in JSON and keep their own message on the wire', () => {
  const volume = builtInTypes.find('io.k8s.api.core.v1.Volume')?.struct
  assert.equal(volume?.byName.get('emptyDir')?.pb, 2)
  assert.deepEqual(
    volume.wire.map((member) => [member.pb, member.inline !== undefined]),
    [
      [1, false],
      [2, true],
    ],
  )
})

test('an apiVersion with two slashes finds nothing', () => {
  assert.deepEqual(parseGroupVersion('a/b/c'), { group: '', version: 'a/b/c' })
  assert.deepEqual(parseGroupVersion('apps/v1'), { group: 'apps', version: 'v1' })
})
