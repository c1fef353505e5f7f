import assert from 'node:assert/strict'
import test from 'node:test'
import { parseRegistryFlags } from './registry-flags.ts'
import type { RegistryFlags } from './registry-flags.ts'

const plain: RegistryFlags = {
  ...{ root: '/var/lib/gantry-registry', host: '127.0.0.1', port: 5000, readOnly: false },
  ...{ tls: undefined, auth: undefined, externalUrl: undefined, upstream: undefined, garbage: undefined },
}

test('a registry that is told nothing is open on loopback', () => {
  assert.deepEqual(parseRegistryFlags([], '/home'), plain)
  assert.equal(parseRegistryFlags(['--help'], '/home'), 'help')
})

test('certificates, passwords, tokens, an upstream and collections', () => {
  assert.deepEqual(
    parseRegistryFlags(
      [
        ...['--root=r', '--listen', ':0', '--tlscert=c.pem', '--tlskey=/k.pem', '--htpasswd=p', '--auth=token'],
        ...['--external-url=https://images.example/', '--upstream=docker.io', '--upstream-user=u'],
        ...['--upstream-password-file=f', '--upstream-insecure', '--gc-interval=12h', '--gc-untagged', '--read-only'],
      ],
      '/home',
    ),
    {
      ...{ root: '/home/r', host: '127.0.0.1', port: 0, readOnly: true, externalUrl: 'https://images.example' },
      tls: { certificateFile: '/home/c.pem', keyFile: '/k.pem' },
      auth: { kind: 'token', passwordFile: '/home/p' },
      upstream: { host: 'docker.io', insecure: true, user: 'u', passwordFile: '/home/f' },
      garbage: { everyMs: 43_200_000, removeUntagged: true },
    },
  )
})

for (const [argv, complaint] of [
  [['--listen=0.0.0.0:5000'], /0\.0\.0\.0: without --htpasswd only loopback/],
  [['--listen=5000'], /not an address to listen on: 5000/],
  [['--tlscert=c'], /--tlscert needs --tlskey/],
  [['--tlskey=k'], /--tlskey needs --tlscert/],
  [['--auth=token'], /--auth needs --htpasswd/],
  [['--auth=ldap', '--htpasswd=p'], /ldap is neither basic nor token/],
  [['--upstream=https://docker.io'], /no registry's host/],
  [['--upstream-insecure'], /--upstream-insecure needs --upstream/],
  [['--upstream=a', '--upstream-user=u'], /--upstream-user needs --upstream-password-file/],
  [['--gc-untagged'], /--gc-untagged needs --gc-interval/],
  [['--gc-interval=0s'], /is no time/],
  [['--gc-interval=90d'], /is no time/],
  [['--gc-interval=often'], /is no time/],
  [['--external-url=images.example'], /no http or https URL/],
  [['--colour'], /unknown flag: --colour/],
] as const) {
  test(`${argv.join(' ')} is refused`, () => {
    assert.throws(() => parseRegistryFlags(argv, '/'), complaint)
  })
}
