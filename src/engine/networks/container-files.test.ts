import assert from 'node:assert/strict'
import test from 'node:test'
import { forwardServers, hostsText, namedResolvConf, plainResolvConf } from './container-files.ts'
import { splitLink, wishOf, restEndpoint, blankEndpoint } from './container-networking.ts'

const base =
  '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n'
const none = { servers: [], search: [], options: [] }

test("the hosts file has Docker's lines in Docker's order", () => {
  const input = {
    hostname: 'myhost',
    domainname: '',
    addresses: [],
    extraHosts: [],
    hostGateway: '172.17.0.1',
    links: [],
  }
  assert.equal(hostsText(input), base)
  assert.equal(
    hostsText({
      ...input,
      domainname: 'example.test',
      addresses: ['172.17.0.2'],
      extraHosts: ['db:10.1.2.3', 'six:::1', 'gw:host-gateway', 'eq=[fd00::1]'],
      links: [{ address: '172.17.0.3', names: ['db', 'abc', 'cw-db'] }],
    }),
    `${base}10.1.2.3\tdb\n::1\tsix\n172.17.0.1\tgw\nfd00::1\teq\n172.17.0.3\tdb abc cw-db\n172.17.0.2\tmyhost.example.test myhost\n`,
  )
})

test("without names the host's resolv.conf is copied but for its loopback", () => {
  const host = '# mine\nnameserver 127.0.0.53\nnameserver 10.0.0.53\nsearch corp.test\noptions edns0\n'
  assert.equal(plainResolvConf(host, none), '# mine\nnameserver 10.0.0.53\nsearch corp.test\noptions edns0\n')
  assert.equal(
    plainResolvConf('nameserver 127.0.0.53\nsearch corp.test\n', none),
    'search corp.test\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n',
  )
  assert.equal(
    plainResolvConf(host, { servers: ['1.1.1.1'], search: ['.'], options: ['ndots:3'] }),
    'nameserver 1.1.1.1\noptions ndots:3\n',
  )
})

test('with names the only server is ours, and unknown names go where the user or the host says', () => {
  const host = 'search corp.test\nnameserver 127.0.0.53\noptions edns0\n'
  assert.equal(namedResolvConf(host, none), 'search corp.test\nnameserver 127.0.0.11\noptions edns0 ndots:0\n')
  assert.equal(namedResolvConf('', none), 'nameserver 127.0.0.11\noptions ndots:0\n')
  assert.equal(
    namedResolvConf(host, { ...none, servers: ['1.1.1.1'], options: ['ndots:2'] }),
    'search corp.test\nnameserver 127.0.0.11\noptions ndots:2\n',
  )
  assert.deepEqual(forwardServers(host, []), ['127.0.0.53'])
  assert.deepEqual(forwardServers(host, ['1.1.1.1']), ['1.1.1.1'])
})

test('links and wishes are read in all the forms they have', () => {
  assert.deepEqual(splitLink('cw-db:db'), ['cw-db', 'db'])
  assert.deepEqual(splitLink('/cw-db:/cw-l/db'), ['cw-db', 'db'])
  assert.deepEqual(splitLink('cw-db'), ['cw-db', 'cw-db'])
  assert.deepEqual(
    wishOf({ Links: ['one:db'], Aliases: null, IPAMConfig: { IPv4Address: '10.0.0.7' }, GwPriority: 3 }),
    { ipv4: '10.0.0.7', aliases: [], links: { db: 'one' }, gatewayPriority: 3 },
  )
})

test('after a run only what was wished for stays', () => {
  const got = {
    ...blankEndpoint,
    IPAddress: '172.17.0.2',
    IPPrefixLen: 16,
    Gateway: '172.17.0.1',
    EndpointID: 'e',
    Aliases: ['a'],
  }
  assert.deepEqual(restEndpoint({ ...got, MacAddress: '02:42:ac:11:00:02' }), { ...blankEndpoint, Aliases: ['a'] })
  assert.equal(restEndpoint({ ...got, MacAddress: '02:00:00:00:00:99' }).MacAddress, '02:00:00:00:00:99')
})
