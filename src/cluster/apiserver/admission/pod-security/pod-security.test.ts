import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { printViolations, violationsOf } from './pod-security-checks.ts'
import { podWarnings } from './pod-security-namespace.ts'
import { securityPolicyOf } from './pod-security-policy.ts'

const label = (name: string): string => `pod-security.kubernetes.io/${name}`
const latest = (level: string): { level: string; version: string } => ({ level, version: 'latest' })

function found(level: string, spec: object, { version = 'latest', annotations = {} } = {}): string {
  return printViolations(violationsOf({ level, version }, { annotations, spec: spec as JsonObject }))
}

const safe = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
}
const one = (securityContext: object): object => ({ containers: [{ name: 'c', securityContext }] })

test('the baseline level refuses privileged containers and the host namespaces', () => {
  const spec = { hostNetwork: true, ...one({ privileged: true }) }
  const expected =
    'host namespaces (hostNetwork=true), privileged (container "c" must not set securityContext.privileged=true)'
  assert.equal(found('baseline', spec), expected)
  assert.equal(found('privileged', spec), '')
})

test('the baseline level names who asks for which profile, label, port and host', () => {
  const rows: [object, string][] = [
    [
      { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } }, ...one({ seLinuxOptions: { role: 'r' } }) },
      'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
    ],
    [
      one({ appArmorProfile: { type: 'Unconfined' } }),
      'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")',
    ],
    [
      { securityContext: { windowsOptions: { hostProcess: true } } },
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      {
        containers: [
          { name: 'b', ports: [{ hostPort: 90 }, { hostPort: 8080 }] },
          { name: 'a', ports: [{ hostPort: 90 }] },
        ],
      },
      'hostPort (containers "b", "a" use hostPorts 8080, 90)',
    ],
    [
      { containers: [{ name: 'c', livenessProbe: { httpGet: { host: 'h', port: 1 } } }] },
      'probe or lifecycle host (container "c" uses probe or lifecycle host "h")',
    ],
    [
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
  ]
  for (const [spec, want] of rows) assert.equal(found('baseline', spec), want)
  const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' }
  assert.equal(
    found('baseline', one({}), { annotations }),
    'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
  )
})

test('the restricted level is met by a pod that gives everything up', () => {
  assert.equal(found('restricted', one(safe)), '')
  const { runAsNonRoot, seccompProfile, ...own } = safe
  assert.equal(found('restricted', { securityContext: { runAsNonRoot, seccompProfile }, ...one(own) }), '')
  assert.match(found('restricted', one({})), /^allowPrivilegeEscalation != false/)
})

test('a stricter check stands in for the one that it replaces', () => {
  const spec = { ...one({ ...safe, procMount: 'Unmasked' }), volumes: [{ name: 'v', hostPath: {} }], hostUsers: false }
  const procMount = 'procMount (container "c" must not set securityContext.procMount to "Unmasked")'
  assert.equal(
    found('restricted', spec),
    `${procMount}, restricted volume types (volume "v" uses restricted volume type "hostPath")`,
  )
  assert.equal(found('baseline', spec), 'hostPath volumes (volume "v")')
  assert.equal(found('baseline', spec, { version: 'v1.34' }), `hostPath volumes (volume "v"), ${procMount}`)
})

test('an older version of the standards asks for less', () => {
  const spec = { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }], runAsUser: 0 }, ...one(safe) }
  assert.equal(found('restricted', spec), 'runAsUser=0 (pod must not set runAsUser=0)')
  assert.equal(found('restricted', spec, { version: 'v1.22' }), 'forbidden sysctls (net.ipv4.tcp_rmem)')
  assert.equal(found('restricted', one({}), { version: 'v1.7' }).split(' (')[0], 'runAsNonRoot != true')
})

test('who enforces a level is warned of it, unless he says of what', () => {
  assert.deepEqual(securityPolicyOf({ [label('enforce')]: 'baseline', [label('enforce-version')]: 'v1.30' }).warn, {
    level: 'baseline',
    version: 'v1.30',
  })
  assert.deepEqual(
    securityPolicyOf({ [label('enforce')]: 'baseline', [label('warn')]: 'restricted' }).warn,
    latest('restricted'),
  )
  assert.deepEqual(securityPolicyOf({}).warn, latest('privileged'))
})

test('labels that cannot be read enforce the strictest, warn of nothing and say why', () => {
  const policy = securityPolicyOf({ [label('enforce')]: 'most', [label('warn-version')]: '1.30' })
  assert.deepEqual([policy.enforce, policy.warn], [latest('restricted'), latest('privileged')])
  assert.deepEqual(
    policy.causes.map(({ field, message }) => `${field}: ${message}`),
    [
      'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "most": must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.30": must be "latest" or "v1.x"',
    ],
  )
})

test('pods that violate the same are told together, by the first of their names', () => {
  const pod = (name: string, spec: object): never =>
    ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'n' }, spec }) as never
  const bad = one({ privileged: true })
  assert.deepEqual(
    podWarnings('n', latest('baseline'), [
      pod('z', { hostPID: true }),
      pod('b', bad),
      pod('a', bad),
      pod('ok', one({})),
    ]),
    [
      'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 1 other pod): privileged',
      'z: host namespaces',
    ],
  )
  assert.deepEqual(podWarnings('n', latest('baseline'), [pod('ok', one({}))]), [])
})
