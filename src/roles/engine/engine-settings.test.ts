import assert from 'node:assert/strict'
import test from 'node:test'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { readFlags } from '#roles/commands/command-flags.ts'
import { mergeConfigFile } from './engine-config-file.ts'
import { defaultSettings, readSettings, settingFlags } from './engine-settings.ts'
import type { EngineSettings } from './engine-settings.ts'

const shape = { command: 'engine', valued: [...settingFlags, 'host', 'log-level'], switches: ['tls'] }
const read = (...argv: string[]): EngineSettings => readSettings(readFlags(shape, argv), ['runc', 'crun'])

test('an engine that is told nothing does as Docker does', () => {
  assert.deepEqual(read(), defaultSettings)
})

test('flags set what containers, networks and registries get', () => {
  const settings = read(
    ...['--registry-mirror=https://one.example/', '--registry-mirror', 'http://two.example:5000'],
    ...['--insecure-registry=reg.example:5000', '--insecure-registry=10.0.0.0/8', '--icc=false', '--mtu=1400'],
    ...['--default-address-pool=base=10.10.0.0/16,size=24', '--bip=10.9.0.1/24', '--dns=1.1.1.1', '--dns=::1'],
    ...['--dns-search=corp.example', '--dns-opt=ndots:2', '--log-driver=local', '--log-opt=max-size=1m'],
    ...['--add-runtime=other=/usr/sbin/runc', '--default-runtime=other'],
  )
  const mirrors = ['https://one.example', 'http://two.example:5000']
  assert.deepEqual(settings, {
    registries: {
      insecure: ['reg.example:5000', '10.0.0.0/8'],
      mirrors: { 'docker.io': mirrors, 'registry-1.docker.io': mirrors },
    },
    networks: { pools: [{ base: '10.10.0.0/16', size: 24 }], bip: '10.9.0.1/24', interContainer: false, mtu: 1400 },
    dns: { servers: ['1.1.1.1', '::1'], search: ['corp.example'], options: ['ndots:2'] },
    logConfig: { Type: 'local', Config: { 'max-size': '1m' } },
    runtimes: { other: '/usr/sbin/runc' },
    defaultRuntime: 'other',
  })
})

for (const [flag, complaint] of [
  ['--registry-mirror=ftp://x', /unsupported scheme "ftp"/],
  ['--registry-mirror=https://x/path', /path, query, or fragment/],
  ['--registry-mirror=nonsense', /not a valid URI/],
  ['--insecure-registry=http://x', /insecure registry http:\/\/x is not valid/],
  ['--default-address-pool=10.0.0.0/8', /invalid default address pool/],
  ['--default-address-pool=base=10.0.0.0/8,size=4', /size must lie/],
  ['--default-address-pool=base=10.0.0.0/8,size=31', /size must lie/],
  ['--bip=10.0.0.1', /invalid CIDR address: 10.0.0.1/],
  ['--bip=fd00::1/64', /invalid CIDR address/],
  ['--icc=maybe', /true or false/],
  ['--mtu=20', /from 68 to 65535/],
  ['--mtu=abc', /from 68 to 65535/],
  ['--dns=example.com', /example.com is not an ip address/],
  ['--log-driver=fax', /no log driver named 'fax' is registered/],
  ['--log-opt=color=red', /unknown log opt 'color' for json-file log driver/],
  ['--log-opt=max-size=much', /invalid size: 'much'/],
  ['--log-opt=novalue', /KEY=VALUE/],
  ['--add-runtime=runc=/bin/x', /'runc' is reserved/],
  ['--add-runtime=a/b=/bin/x', /invalid runtime/],
  ['--default-runtime=kata', /default runtime 'kata' does not exist/],
] as const) {
  test(`${flag} is refused`, () => {
    assert.throws(() => read(flag), complaint)
    assert.throws(
      () => read(flag),
      (error) => isErrorKind(error, 'invalid'),
    )
  })
}

const merge = (document: unknown, ...argv: string[]): EngineSettings =>
  readSettings(
    mergeConfigFile(readFlags(shape, argv), {
      path: 'daemon.json',
      content: typeof document === 'string' ? document : JSON.stringify(document),
      switches: shape.switches,
    }),
    ['runc', 'crun'],
  )

test('a file with the keys of daemon.json says what flags say', () => {
  const settings = merge({
    'registry-mirrors': ['https://one.example'],
    'insecure-registries': ['reg.example'],
    'default-address-pools': [{ base: '10.10.0.0/16', size: 24 }],
    ...{ icc: false, mtu: 1400, bip: '10.9.0.1/24', dns: ['1.1.1.1'], 'dns-opts': ['ndots:2'], 'dns-search': ['x'] },
    ...{ 'log-driver': 'local', 'log-opts': { 'max-size': '1m' }, runtimes: { other: { path: '/usr/sbin/runc' } } },
    ...{ 'default-runtime': 'other', tls: false, hosts: ['unix:///a'] },
  })
  assert.deepEqual(settings.networks, {
    pools: [{ base: '10.10.0.0/16', size: 24 }],
    ...{ bip: '10.9.0.1/24', interContainer: false, mtu: 1400 },
  })
  assert.deepEqual(settings.logConfig, { Type: 'local', Config: { 'max-size': '1m' } })
  assert.deepEqual(settings.runtimes, { other: '/usr/sbin/runc' })
  assert.deepEqual(settings.dns, { servers: ['1.1.1.1'], search: ['x'], options: ['ndots:2'] })
  assert.deepEqual(merge(''), defaultSettings)
})

for (const [what, document, complaint] of [
  ['is no JSON', '{', /unable to configure the engine with file daemon\.json: /],
  ['is no object', '[]', /it is not an object/],
  ['has unknown keys', { fancy: 1, mtu: 1400, odd: 2 }, /don't match any configuration option: fancy, odd$/],
  ['has a value of another form', { dns: '1.1.1.1' }, /dns has a value of the wrong form: "1\.1\.1\.1"/],
  ['has a runtime with more than a path', { runtimes: { a: { path: '/x', runtimeArgs: [] } } }, /runtimes has a value/],
] as const) {
  test(`a file that ${what} is refused`, () => {
    assert.throws(() => merge(document), complaint)
  })
}

test('what a flag says the file must not say too', () => {
  assert.throws(() => merge({ mtu: 1400, dns: ['1.1.1.1'] }, '--mtu=1300', '--dns=8.8.8.8'), {
    message:
      'unable to configure the engine with file daemon.json: the following directives are specified both as a flag and in the configuration file: mtu: (from flag: 1300, from file: 1400), dns: (from flag: 8.8.8.8, from file: 1.1.1.1)',
  })
})
