import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type AuthenticationConfig, parseAuthenticationConfig } from './authentication-config.ts'
import { userOfClaims } from './map-claims.ts'

type Json = Readonly<Record<string, unknown>>

const own = ['https://kubernetes.default.svc.cluster.local']
const issuer = { url: 'https://issuer.example.com', audiences: ['me'] }
const username = { claim: 'sub', prefix: '' }
const jwt = (more: Json = {}): Json => ({ issuer, claimMappings: { username }, ...more })

function read(...list: readonly Json[]): AuthenticationConfig {
  const file = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt: list }
  return parseAuthenticationConfig(JSON.stringify(file), own)
}

function problem(...list: readonly Json[]): string {
  try {
    read(...list)
    return ''
  } catch (error) {
    return (error as Error).message.replace('invalid authentication configuration: ', '')
  }
}

const needsPrefix = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing'
const rows: readonly (readonly [given: Json, message: string])[] = [
  [jwt(), ''],
  [jwt({ issuer: { ...issuer, url: '' } }), 'jwt[0].issuer.url: Required value'],
  [
    jwt({ issuer: { ...issuer, url: 'http://u:p@x?a#b' } }),
    [
      'scheme must be https',
      'must not contain a username or password',
      'must not contain a query',
      'must not contain a fragment',
    ]
      .map((why) => `jwt[0].issuer.url: Invalid value: "http://u:p@x?a#b": URL ${why}`)
      .join(', '),
  ],
  [
    jwt({ issuer: { ...issuer, url: own[0] } }),
    `jwt[0].issuer.url: Invalid value: "${own[0]}": URL must not overlap with disallowed issuers: [${own[0]}]`,
  ],
  [
    jwt({ issuer: { ...issuer, discoveryURL: `${issuer.url}/` } }),
    `jwt[0].issuer.discoveryURL: Invalid value: "${issuer.url}/": discoveryURL must be different from URL`,
  ],
  [
    jwt({ issuer: { ...issuer, audiences: [] } }),
    'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required',
  ],
  [
    jwt({ issuer: { ...issuer, audiences: ['a', 'b'] } }),
    'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
  ],
  [
    jwt({ claimMappings: { username: {} } }),
    'jwt[0].claimMappings.username: Required value: claim or expression is required',
  ],
  [
    jwt({ claimMappings: { username: { claim: 'sub' } } }),
    `jwt[0].claimMappings.username.prefix: Required value: ${needsPrefix}`,
  ],
  [
    jwt({ claimMappings: { username: { claim: 'sub', expression: 'claims.sub', prefix: '' } } }),
    'jwt[0].claimMappings.username: Invalid value: "": claim and expression can\'t both be set',
  ],
  [
    jwt({ claimMappings: { username: { expression: 'claims.email' } } }),
    'jwt[0].claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
  ],
  [
    jwt({
      claimMappings: { username: { expression: 'claims.email' } },
      claimValidationRules: [{ expression: 'claims.?email_verified.orValue(true) == true && claims.email_verified' }],
    }),
    '',
  ],
  [
    jwt({ claimMappings: { username, extra: [{ key: 'Foo', valueExpression: 'claims.x' }] } }),
    'jwt[0].claimMappings.extra[0].key: Invalid value: "Foo": must be a domain-prefixed path (such as "acme.io/foo"), jwt[0].claimMappings.extra[0].key: Invalid value: "Foo": must be lowercase',
  ],
  [
    jwt({ claimMappings: { username, extra: [{ key: 'a.k8s.io/b', valueExpression: 'claims.x' }] } }),
    'jwt[0].claimMappings.extra[0].key: Invalid value: "a.k8s.io/b": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use',
  ],
  [
    jwt({ claimValidationRules: [{ claim: 'a', requiredValue: 'b', message: 'c' }] }),
    'jwt[0].claimValidationRules[0].message: Invalid value: "c": may not be specified when claim is set',
  ],
  [
    jwt({ claimValidationRules: [{ expression: '1' }] }),
    'jwt[0].claimValidationRules[0].expression: Invalid value: "1": must evaluate to bool',
  ],
  [
    jwt({ userValidationRules: [{ expression: "user.username != ''" }, { expression: "user.username != ''" }] }),
    'jwt[0].userValidationRules[1].expression: Duplicate value: "user.username != \'\'"',
  ],
]

for (const [given, message] of rows) {
  test(`a configuration is held to upstream’s rules: ${message.slice(0, 80)} ${JSON.stringify(given).slice(0, 80)}`, () => {
    assert.equal(problem(given), message)
  })
}

test('an expression that does not compile is told with its place', () => {
  const why = problem(jwt({ claimMappings: { username: { expression: 'claims.' } } }))
  assert.match(
    why,
    /^jwt\[0\]\.claimMappings\.username\.expression: Invalid value: "claims\.": compilation failed: ERROR: <input>:1:8/,
  )
  assert.match(problem(jwt(), jwt()), /^jwt\[1\]\.issuer\.url: Duplicate value/)
})

test('where nobody may ask: everywhere, nowhere, at some paths, or as the flag says', () => {
  const kind = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n'
  const anonymous = (text: string): unknown => parseAuthenticationConfig(`${kind}${text}`, own).anonymous
  assert.equal(anonymous(''), undefined)
  assert.equal(anonymous('anonymous: { enabled: true }'), true)
  assert.equal(anonymous('anonymous: {}'), false)
  assert.deepEqual(anonymous('anonymous: { enabled: true, conditions: [{ path: /livez }] }'), ['/livez'])
  assert.throws(
    () => anonymous('anonymous: { enabled: false, conditions: [{ path: /livez }] }'),
    /enabled should be set/,
  )
  assert.throws(() => anonymous('jwt: [{}]'), /invalid authentication configuration/)
})

function userFrom(claims: JsonObject, given: Json): unknown {
  const [compiled] = read(jwt(given)).issuers
  assert.ok(compiled)
  try {
    return userOfClaims(compiled, claims)
  } catch (error) {
    return (error as Error).message
  }
}

const claims = { sub: 'jane', groups: ['a', 'b'], email: 'j@x', email_verified: false, tenant: { id: 't1' }, one: 'z' }
const mapped: readonly (readonly [given: Json, user: unknown])[] = [
  [{}, { name: 'jane', groups: [] }],
  [
    { claimMappings: { username: { claim: 'sub', prefix: 'x:' }, groups: { claim: 'groups', prefix: 'g:' } } },
    { name: 'x:jane', groups: ['g:a', 'g:b'] },
  ],
  [{ claimMappings: { username, groups: { claim: 'one', prefix: '' } } }, { name: 'jane', groups: ['z'] }],
  [{ claimMappings: { username: { claim: 'email', prefix: '' } } }, 'email not verified'],
  [
    { claimMappings: { username: { claim: 'none', prefix: '' } } },
    'parse username claims "none": claim not present or no string',
  ],
  [
    {
      claimMappings: {
        username: { expression: "claims.sub + '@' + claims.tenant.id" },
        groups: { expression: "claims.groups.filter(g, g != 'a')" },
        uid: { expression: 'claims.tenant.id' },
        extra: [
          { key: 'example.com/tenant', valueExpression: '[claims.tenant.id]' },
          { key: 'example.com/none', valueExpression: "claims.?nothing.orValue('')" },
        ],
      },
    },
    { name: 'jane@t1', groups: ['b'], uid: 't1', extra: { 'example.com/tenant': ['t1'] } },
  ],
  [{ claimMappings: { username: { expression: "''" } } }, 'empty username via CEL expression is not allowed'],
  [{ claimMappings: { username: { expression: '1' } } }, 'username claim expression must return a string'],
  [
    { claimMappings: { username: { expression: 'claims.nope' } } },
    'error evaluating username claim expression: no such key: nope',
  ],
  [
    { claimMappings: { username, groups: { expression: '[1]' } } },
    'group claim expression must return a string or a list of strings',
  ],
  [{ claimValidationRules: [{ claim: 'one', requiredValue: 'z' }] }, { name: 'jane', groups: [] }],
  [
    { claimValidationRules: [{ claim: 'one', requiredValue: 'y' }] },
    'required claim one is not present or has another value',
  ],
  [
    { claimValidationRules: [{ expression: "claims.one == 'y'", message: 'only y' }] },
    "validation expression 'claims.one == 'y'' failed: only y",
  ],
  [
    { userValidationRules: [{ expression: "!user.username.startsWith('ja')", message: 'no ja' }] },
    "validation expression '!user.username.startsWith('ja')' failed: no ja",
  ],
  [{ userValidationRules: [{ expression: 'user.groups.size() == 0' }] }, { name: 'jane', groups: [] }],
]

for (const [given, user] of mapped) {
  test(`claims name ${JSON.stringify(user)} by ${JSON.stringify(given).slice(0, 120)}`, () => {
    assert.deepEqual(userFrom(claims, given), user)
  })
}
