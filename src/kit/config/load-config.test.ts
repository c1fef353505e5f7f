import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array } from '#base/schema/composites.ts'
import { boolean, durationMs, integer, oneOf, string } from '#base/schema/scalars.ts'
import { isErrorKind } from '#base/errors/gantry-error.ts'
import { createFiles } from '#world/real/files.ts'
import { describeSettings, loadConfig, readConfigFile } from './load-config.ts'
import { environmentNameOf, flagNameOf, setting } from './setting.ts'

const about = { description: 'What.', reason: 'Why.' }
const settings = {
  root: setting(string({ lengthMin: 1 }), { default: '/var/lib/gantry', ...about }),
  'log.level': setting(oneOf('info', 'debug'), { default: 'info', ...about }),
  'networks.bridgeName': setting(string(), { default: 'docker0', ...about }),
  'registry.mirrors': setting(array(string()), { default: [], ...about }),
  'limits.waitMs': setting(durationMs({ min: 1 }), { default: 1000, ...about }),
  'limits.nodes': setting(integer({ min: 1 }), { default: 1, ...about }),
  debug: setting(boolean(), { default: false, ...about }),
}

const file = (text: string): { path: string; text: string } => ({ path: 'config.yaml', text })

test('flags win over the environment, the environment over the file, the file over defaults', () => {
  const { values, origins } = loadConfig(settings, {
    file: file('log:\n  level: debug\nnetworks.bridgeName: br7\nlimits: {nodes: 2, waitMs: 1m}\n'),
    environment: { GANTRY_LIMITS_NODES: '3', GANTRY_DEBUG: 'true', HOME: '/root', GANTRY_ROOT: '0' },
    flags: { 'limits-nodes': '4', 'registry-mirrors': 'https://a,https://b' },
  })
  assert.deepEqual(values, {
    root: '0',
    'log.level': 'debug',
    'networks.bridgeName': 'br7',
    'registry.mirrors': ['https://a', 'https://b'],
    'limits.waitMs': 60_000,
    'limits.nodes': 4,
    debug: true,
  })
  const nodes: number = values['limits.nodes']
  assert.equal(nodes, 4)
  assert.deepEqual(
    [origins['root'], origins['log.level'], origins['limits.nodes'], origins['debug']],
    ['environment', 'file', 'flag', 'environment'],
  )
})

test('every mistake is told at once, where it was made, with the closest name', () => {
  const bad = (): unknown =>
    loadConfig(settings, {
      file: file('log: {levle: debug}\nroot: 5\nzzz: 1\n'),
      environment: { GANTRY_LOG_LEVL: 'x', GANTRY_LIMITS_NODES: 'many', GANTRY_OTHER: '1' },
      flags: { 'lmits-nodes': '1' },
      otherVariables: ['GANTRY_OTHER'],
    })
  assert.throws(bad, (error) => {
    assert.ok(isErrorKind(error, 'invalid'))
    assert.equal(
      error.message,
      [
        'invalid configuration:',
        'config.yaml: log.levle is not known; did you mean log.level?',
        'config.yaml: zzz is not known',
        'GANTRY_LOG_LEVL is not known; did you mean GANTRY_LOG_LEVEL?',
        '--lmits-nodes is not known; did you mean --limits-nodes?',
        'config.yaml: root: expected non-empty string, got 5',
        'GANTRY_LIMITS_NODES: expected integer from 1, got "many"',
      ].join('\n'),
    )
    return true
  })
})

test('a file that is no settings is refused, an empty one is fine', () => {
  for (const text of ['- a', 'a: b: c', 'a: 1\na: 2', '&a [*a, *b]'])
    assert.throws(() => loadConfig(settings, { file: file(text) }), /config\.yaml: /, text)
  assert.equal(loadConfig(settings, { file: file('# nothing\n') }).values.root, '/var/lib/gantry')
})

test('a missing file is a mistake only when it was asked for', async () => {
  const files = createFiles()
  await using directory = await files.temporaryDirectory('config-')
  await files.write(`${directory.path}/c.yaml`, 'debug: true\n')
  assert.equal((await readConfigFile(files, `${directory.path}/c.yaml`))?.text, 'debug: true\n')
  await assert.rejects(readConfigFile(files, `${directory.path}/none`), /cannot read the configuration/)
})

test('names follow from keys, and the reference from the table', () => {
  assert.equal(environmentNameOf('networks.bridgeName'), 'GANTRY_NETWORKS_BRIDGE_NAME')
  assert.equal(flagNameOf('networks.bridgeName'), 'networks-bridge-name')
  assert.match(
    describeSettings(settings),
    /\| `log.level` \| `GANTRY_LOG_LEVEL` \| `--log-level` \| one of info, debug \| `"info"` \| What. Why. \|/,
  )
})
