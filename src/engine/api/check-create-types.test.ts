import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCreateTypes } from './check-create-types.ts'

test('bodies as clients send them pass: nulls, commands as text, fields that are unknown', () => {
  checkCreateTypes({
    Image: 'a',
    Cmd: 'sh',
    Entrypoint: null,
    Env: ['A=1'],
    Labels: {},
    Volumes: null,
    Nosuch: 7,
    HostConfig: null,
  })
  checkCreateTypes({ Image: 'a', HostConfig: { Memory: 0, CapAdd: ['ALL'], Binds: null, PortBindings: {} } })
  checkCreateTypes({ Image: 'a', NetworkingConfig: { EndpointsConfig: { net: null } }, ExposedPorts: { '80/tcp': {} } })
  checkCreateTypes({
    Image: 'a',
    HostConfig: { PortBindings: { '80/tcp': null }, Mounts: [{ Type: 'tmpfs', Target: '/a' }] },
  })
})

test('a field of another type is refused by name, in the decoder’s words', () => {
  const rows: readonly [object, RegExp][] = [
    [{ Image: 7 }, /cannot unmarshal number into Go struct field CreateRequest\.Image of type string/],
    [{ Tty: 'yes' }, /string into .*Tty of type bool/],
    [{ Env: { A: '1' } }, /object into .*Env of type \[\]string/],
    [{ Cmd: [1] }, /array into .*Cmd of type \[\]string/],
    [{ Labels: { a: 1 } }, /Labels of type map\[string\]string/],
    [{ HostConfig: [] }, /array into .*HostConfig of type object/],
    [{ HostConfig: { Memory: '1g' } }, /string into Go struct field HostConfig\.Memory of type int64/],
    [{ HostConfig: { Memory: 1e300 } }, /number into Go struct field HostConfig\.Memory of type int64/],
    [{ HostConfig: { Devices: {} } }, /object into Go struct field HostConfig\.Devices of type \[\]object/],
    [{ HostConfig: { Devices: [null] } }, /null into Go struct field HostConfig\.Devices of type object/],
    [{ HostConfig: { Devices: [{ PathOnHost: 1 }] } }, /number into .*DeviceMapping\.PathOnHost of type string/],
    [{ HostConfig: { PortBindings: { '80/tcp': {} } } }, /object into .*HostConfig\.PortBindings of type \[\]object/],
    [{ HostConfig: { Tmpfs: { '/a': 1 } } }, /object into .*HostConfig\.Tmpfs of type map\[string\]string/],
    [{ Healthcheck: { Test: 'x' } }, /string into .*HealthConfig\.Test of type \[\]string/],
    [
      { NetworkingConfig: { EndpointsConfig: { a: 7 } } },
      /number into .*NetworkingConfig\.EndpointsConfig of type object/,
    ],
  ]
  for (const [body, message] of rows) assert.throws(() => checkCreateTypes(body), message)
})
