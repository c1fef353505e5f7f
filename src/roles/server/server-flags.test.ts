import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultAudit } from './audit-flags.ts'
import { authorizersOfFlags, defaultAuthorization } from './authorization-flags.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseServerFlags } from './server-flags.ts'
import { noOidc, oidcIssuer } from './oidc-flags.ts'
import { defaultCredentials } from './server-credentials.ts'
import { defaultNetwork } from './server-network.ts'
import { defaultSecurity } from './server-security.ts'

test('flags with = and with a space, relative paths, addresses of both families', () => {
  const argv = ['--root=state', '--listen', '[::1]:0', '--simulated-nodes', '3', '--scheduler-config=profiles.yaml']
  const flags = parseServerFlags(argv, '/home')
  assert.deepEqual(flags, {
    ...{
      root: '/home/state',
      host: '::1',
      port: 0,
      simulatedNodes: 3,
      controllers: ['*'],
      schedulerFile: '/home/profiles.yaml',
      etcd: undefined,
      logLevel: 'info',
    },
    security: defaultSecurity,
    network: defaultNetwork,
    credentials: defaultCredentials,
    authorization: defaultAuthorization,
  })
})

test('etcd: members, prefix and PEM files', () => {
  const argv = ['--root=/r', '--etcd-servers', 'https://a:2379,https://[::1]:2379/', '--etcd-prefix=/x']
  const flags = parseServerFlags([...argv, '--etcd-cafile=ca.crt', '--etcd-certfile=c', '--etcd-keyfile=k'], '/home')
  assert.ok(flags !== 'help')
  assert.deepEqual(flags.etcd, {
    servers: ['https://a:2379', 'https://[::1]:2379'],
    ...{ authorityFile: '/home/ca.crt', certificateFile: '/home/c', keyFile: '/home/k', prefix: '/x' },
  })
})

test('audit, encryption and anonymous requests, under the names that kube-apiserver has', () => {
  const argv = ['--root=/r', '--audit-policy-file=p.yaml', '--audit-log-path', '/a.log', '--audit-log-maxbackup=3']
  const flags = parseServerFlags(
    [
      ...argv,
      '--anonymous-auth=false',
      '--encryption-provider-config=e',
      '--encryption-provider-config-automatic-reload=true',
    ],
    '/home',
  )
  assert.ok(flags !== 'help')
  assert.deepEqual(flags.security, {
    ...defaultSecurity,
    audit: { ...defaultAudit, policyFile: '/home/p.yaml', logPath: '/a.log', logBackups: 3 },
    ...{ encryptionFile: '/home/e', encryptionReload: true, anonymous: false },
  })
})

test('issuers, token webhook and front proxies, under the names that kube-apiserver has', () => {
  const webhook = [
    '--authentication-token-webhook-config-file=hook',
    '--authentication-token-webhook-cache-ttl',
    '1m30s',
  ]
  const proxy = [
    '--requestheader-client-ca-file=/ca',
    '--requestheader-allowed-names=',
    '--requestheader-group-headers=A,B',
  ]
  const flags = parseServerFlags(['--root=/r', '--authentication-config=a.yaml', ...webhook, ...proxy], '/home')
  assert.ok(flags !== 'help')
  assert.deepEqual(flags.credentials, {
    ...defaultCredentials,
    ...{ authenticationFile: '/home/a.yaml', tokenWebhookFile: '/home/hook', tokenWebhookKeepMs: 90_000 },
    ...{ proxyAuthorityFile: '/ca' },
    proxy: { ...defaultCredentials.proxy, allowedNames: [], groupHeaders: ['A', 'B'] },
  })
})

test('one issuer by flags', () => {
  const argv = ['--root=/r', '--oidc-issuer-url=https://i', '--oidc-client-id=me', '--oidc-groups-claim', 'groups']
  const flags = parseServerFlags([...argv, '--oidc-required-claim=a=b=c', '--oidc-ca-file=ca'], '/home')
  assert.ok(flags !== 'help')
  const { oidc } = flags.credentials
  assert.equal(oidc.authorityFile, '/home/ca')
  assert.deepEqual(oidcIssuer(oidc, 'PEM'), {
    issuer: { url: 'https://i', audiences: ['me'], certificateAuthority: 'PEM' },
    claimMappings: {
      username: { claim: 'sub', prefix: 'https://i#' },
      groups: { claim: 'groups', prefix: '' },
    },
    claimValidationRules: [{ claim: 'a', requiredValue: 'b=c' }],
  })
  const prefix = (more: Partial<typeof oidc>): string | undefined =>
    oidcIssuer({ ...oidc, ...more }, '')?.claimMappings.username.prefix
  assert.deepEqual(
    [prefix({ usernameClaim: 'email' }), prefix({ usernamePrefix: '-' }), prefix({ usernamePrefix: 'x:' })],
    ['', '', 'x:'],
  )
  assert.equal(oidcIssuer(noOidc, ''), undefined)
})

test('ranges of addresses: one, or one of each family', () => {
  const argv = ['--root=/r', '--service-cluster-ip-range=10.0.0.0/16,fd00::/108', '--cluster-cidr', 'fd01::/56']
  const flags = parseServerFlags(argv, '/')
  assert.ok(flags !== 'help')
  assert.deepEqual(flags.network, { serviceCidrs: ['10.0.0.0/16', 'fd00::/108'], podCidrs: ['fd01::/56'] })
})

test('what is wrong on the command line is named', () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [[], /--root is needed/],
    [['--root'], /needs an argument: --root/],
    [['exports', '--root=/r'], /unexpected word: exports/],
    [['--root', '/r', '--nope', '1'], /unknown flag or value: --nope 1/],
    [['--root', '/r', '--listen', '80'], /--listen 80/],
    [['--root', '/r', '--simulated-nodes', 'many'], /unknown flag or value: --simulated-nodes many/],
    [['--root', '/r', '--simulated-nodes', '-1'], /unknown flag or value/],
    [['--root', '/r', '--etcd-servers', 'localhost:2379'], /--etcd-servers localhost/],
    [['--root', '/r', '--etcd-prefix', '/x'], /--etcd-servers is needed/],
    [['--root', '/r', '--audit-log-path', '/a'], /go together/],
    [['--root', '/r', '--anonymous-auth', 'maybe'], /--anonymous-auth maybe/],
    [['--root', '/r', '--authentication-token-webhook-version', 'v2'], /webhook-version v2/],
    [['--root', '/r', '--authentication-token-webhook-cache-ttl', 'x'], /cache-ttl x/],
    [['--root', '/r', '--oidc-issuer-url', 'https://i'], /go together/],
    [
      ['--root', '/r', '--oidc-issuer-url', 'https://i', '--oidc-client-id', 'c', '--authentication-config', 'f'],
      /use one of them/,
    ],
    [['--root', '/r', '--oidc-required-claim', 'x'], /--oidc-required-claim x/],
    [['--root', '/r', '--cluster-cidr', '10.0.0.0/8,10.1.0.0/16'], /unknown flag or value: --cluster-cidr/],
    [['--root', '/r', '--service-cluster-ip-range', 'fd00::/48'], /unknown flag or value: --service-cluster-ip-range/],
    [['--root', '/r', '--etcd-servers', 'http://a:1', '--etcd-keyfile', '/k'], /go together/],
  ]
  for (const [argv, message] of cases)
    assert.throws(
      () => parseServerFlags(argv, '/'),
      (error) => error instanceof GantryError && message.test(error.message) && error.remedy !== undefined,
    )
})

test('authorisation: modes in their order, a webhook with its answers kept, and what cannot go together', () => {
  const flags = (...more: string[]): ReturnType<typeof parseServerFlags> =>
    parseServerFlags(['--root=/r', ...more], '/home')
  const webhook = ['--authorization-mode', 'Node, Webhook,RBAC', '--authorization-webhook-config-file=hook.yaml']
  const read = flags(...webhook, '--authorization-webhook-cache-unauthorized-ttl=0s')
  assert.ok(read !== 'help')
  const [node, hook, rbac] = authorizersOfFlags(read.authorization)
  assert.deepEqual(
    [node, rbac],
    [
      { type: 'Node', name: 'node' },
      { type: 'RBAC', name: 'rbac' },
    ],
  )
  assert.deepEqual(hook, {
    type: 'Webhook',
    name: 'default',
    webhook: {
      kubeconfigPath: '/home/hook.yaml',
      timeoutMs: 30_000,
      version: 'v1beta1',
      authorizedKeepMs: 300_000,
      unauthorizedKeepMs: 0,
      failurePolicy: 'NoOpinion',
      conditions: [],
    },
  })
  const refused: readonly [argv: readonly string[], why: string][] = [
    [['--authorization-mode=Nobody'], 'authorization-mode "Nobody" is not a valid mode'],
    [['--authorization-mode=RBAC,RBAC'], 'authorization-mode ["RBAC" "RBAC"] has mode specified more than once'],
    [['--authorization-mode=Webhook'], "authorization-mode Webhook's authorization config file not passed"],
    [
      ['--authorization-webhook-config-file=h'],
      'cannot specify --authorization-webhook-config-file without mode Webhook',
    ],
    [
      ['--authorization-config=a', '--authorization-mode=RBAC'],
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    ],
  ]
  for (const [argv, message] of refused) assert.throws(() => flags(...argv), { message })
})

test('where audit events go and how, and what they cannot mean', () => {
  const audit = (...more: string[]): typeof defaultAudit => {
    const flags = parseServerFlags(['--root=/r', '--audit-policy-file=p', ...more], '/home')
    assert.ok(flags !== 'help')
    return flags.security.audit
  }
  const read = audit(
    ...['--audit-webhook-config-file=h', '--audit-webhook-mode=blocking', '--audit-webhook-initial-backoff=1s'],
    ...['--audit-webhook-batch-max-wait=5s', '--audit-webhook-batch-throttle-qps=3', '--audit-log-path=-'],
    ...['--audit-webhook-truncate-enabled=true', '--audit-webhook-truncate-max-event-size=500'],
    ...['--audit-log-format=legacy', '--audit-log-compress=true'],
  )
  assert.deepEqual(read, {
    ...defaultAudit,
    ...{ policyFile: '/home/p', logPath: '-', logFormat: 'legacy', logCompress: true, webhookFile: '/home/h' },
    webhook: {
      ...defaultAudit.webhook,
      ...{
        mode: 'blocking',
        initialBackoffMs: 1000,
        batchWaitMs: 5000,
        throttle: { isOn: true, perSecond: 3, burst: 15 },
      },
    },
    webhookTruncate: { ...defaultAudit.webhookTruncate, isOn: true, eventBytesMax: 500 },
  })
  const off = audit('--audit-webhook-config-file=h', '--audit-webhook-batch-throttle-enable=false')
  assert.equal(off.webhook.throttle.isOn, false)
  const log = audit(
    ...[
      '--audit-log-path=a',
      '--audit-log-mode=batch',
      '--audit-log-batch-buffer-size=5',
      '--audit-log-batch-max-size=2',
    ],
    ...['--audit-log-batch-max-wait=1s', '--audit-log-batch-throttle-qps=4', '--audit-log-batch-throttle-burst=6'],
    ...['--audit-log-batch-throttle-enable=true', '--audit-log-version=audit.k8s.io/v1'],
  )
  assert.deepEqual(log.logBatch, {
    ...{ mode: 'batch', bufferEvents: 5, batchEvents: 2, batchWaitMs: 1000 },
    throttle: { isOn: true, perSecond: 4, burst: 6 },
  })
  assert.equal(audit('--audit-log-path=a', '--audit-log-batch-max-size=0').logBatch.batchEvents, 0)
  const refused: readonly [argv: readonly string[], why: RegExp][] = [
    [[], /go together/],
    [['--audit-log-path=a', '--audit-log-truncate-max-batch-size=1'], /must be greater than max event size \(102400\)/],
    [['--audit-log-path=a', '--audit-webhook-mode=never'], /--audit-webhook-mode never/],
    [['--audit-webhook-config-file=h', '--audit-webhook-batch-max-size=0'], /max batch size 0/],
    [['--audit-log-path=a', '--audit-log-mode=batch', '--audit-log-batch-buffer-size=0'], /batch log buffer size 0/],
    [['--audit-log-path=a', '--audit-log-mode=batch', '--audit-log-batch-throttle-enable=true'], /throttle QPS 0/],
    [['--audit-log-path=a', '--audit-log-version=audit.k8s.io/v1beta1'], /--audit-log-version audit.k8s.io\/v1beta1/],
  ]
  for (const [argv, message] of refused) assert.throws(() => audit(...argv), { message })
})
