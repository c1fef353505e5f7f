import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { type LogOptions, createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { isSecretName, redactText } from './redact.ts'

function capture(
  format: LogOptions['format'],
  level: LogOptions['level'] = 'info',
): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = []
  return {
    lines,
    log: createLog({ level, format, write: (line) => lines.push(line), clock: { now: () => 1_700_000_000_123.9 } }),
  }
}

test('a record is one JSON line with its level, time and fields', () => {
  const { lines, log } = capture('json')
  log.debug('unseen')
  log.with({ component: 'engine' }).info('started', { count: 2, big: 3n, bytes: new Uint8Array(4), gone: undefined })
  assert.deepEqual(lines, [
    '{"time":"2023-11-14T22:13:20.123Z","level":"info","message":"started","component":"engine","count":2,"big":"3","bytes":"4 bytes"}\n',
  ])
  assert.deepEqual([log.isOn('debug'), log.isOn('error')], [false, true])
})

test('a readable line cannot be forged by what it quotes', () => {
  const { lines, log } = capture('text')
  log.warn('a\nERROR b\u001b[2J', { name: 'x\ny', path: '/a/b' })
  assert.deepEqual(lines, ['22:13:20.123 WARN  a ERROR b [2J name="x\\ny" path=/a/b\n'])
})

test('secrets are hidden by name, by shape and inside nested values', () => {
  const { lines, log } = capture('json')
  const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${'x'.repeat(20)}`
  log.error(`call with Bearer abcdef123456 to https://user:hunter2@host/x and ${jwt}`, {
    password: 'hunter2',
    request: { headers: { Authorization: 'Basic aHVudGVyMg==', 'X-Registry-Auth': 'hunter2' } },
    error: new Error('no: Bearer hunter2hunter2', {
      cause: new GantryError('A_B', 'invalid', 'x', { cause: 'Bearer hunter2hunter2' }),
    }),
    accessToken: 'hunter2',
    pem: '-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----',
  })
  assert.doesNotMatch(lines.join(''), /hunter2|abcdef|aHVudGVy|eyJ/)
  assert.ok(['token', 'clientSecret', 'db_password', 'Set-Cookie', 'apiKey'].every(isSecretName))
  assert.ok(!['tokenizer', 'name', 'secretName'].some(isSecretName))
  assert.equal(redactText('plain text: 5'), 'plain text: 5')
})

test('a record is bounded whatever it is given', () => {
  const { lines, log } = capture('json')
  interface Deep {
    next?: Deep
  }
  const circle: Deep = {}
  circle.next = circle
  log.info('x'.repeat(1e6), { circle, many: Array.from({ length: 1e5 }, () => 'y'), level: 'forged' })
  assert.ok((lines[0]?.length ?? 0) < 64 * 1024)
  assert.equal((JSON.parse(lines[0] ?? '') as { level: string }).level, 'info')
})

test('metrics render in the Prometheus text form', () => {
  const metrics = createMetrics()
  const requests = metrics.counter({ name: 'gantry_requests_total', help: 'Requests.', labels: ['path', 'code'] })
  requests.add({ path: '/a"b\\\n', code: '200' })
  requests.add({ path: '/a"b\\\n', code: '200' }, 2)
  requests.add({ path: '/', code: '500' }, -5)
  metrics.gauge({ name: 'gantry_nodes', help: 'Nodes.' }).set(3)
  metrics.observe({ name: 'gantry_asked', help: 'Asked.' }, () => 7)
  const seconds = metrics.histogram({ name: 'gantry_wait_seconds', help: 'Wait.' }, [0.1, 1])
  for (const value of [0.1, 0.5, 5]) seconds.observe(value)
  assert.equal(
    metrics.render(),
    [
      '# HELP gantry_asked Asked.',
      '# TYPE gantry_asked gauge',
      'gantry_asked 7',
      '# HELP gantry_nodes Nodes.',
      '# TYPE gantry_nodes gauge',
      'gantry_nodes 3',
      '# HELP gantry_requests_total Requests.',
      '# TYPE gantry_requests_total counter',
      'gantry_requests_total{path="/a\\"b\\\\\\n",code="200"} 3',
      '# HELP gantry_wait_seconds Wait.',
      '# TYPE gantry_wait_seconds histogram',
      'gantry_wait_seconds_bucket{le="0.1"} 1',
      'gantry_wait_seconds_bucket{le="1"} 2',
      'gantry_wait_seconds_bucket{le="+Inf"} 3',
      'gantry_wait_seconds_sum 5.6',
      'gantry_wait_seconds_count 3',
      '',
    ].join('\n'),
  )
  assert.throws(() => metrics.gauge({ name: 'gantry_requests_total', help: '' }), /already a counter/)
})

test('a flood of label values ends in one series', () => {
  const metrics = createMetrics()
  const counter = metrics.counter({ name: 'gantry_flood_total', help: 'x', labels: ['name'] })
  for (let index = 0; index < 5000; index++) counter.add({ name: `n${index}` })
  assert.ok(metrics.render().split('\n').length < 2010)
  assert.equal(counter.value({ name: 'other' }), 3000)
})
