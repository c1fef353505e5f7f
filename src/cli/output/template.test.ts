/** Templates against what Go prints: the transcript in test/golden/cli/templates.txt was made with the stock client. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { GantryError } from '#base/errors/gantry-error.ts'
import { GoRecord } from './go-values.ts'
import { renderListing } from './listing.ts'
import { createTemplate } from './template.ts'

const record = (type: string, fields: Readonly<Record<string, unknown>>): GoRecord =>
  new GoRecord(type, new Map(Object.entries(fields)), fields)
const components = ['Engine', 'containerd', 'runc', 'docker-init'].map((Name) =>
  record('types.ComponentVersion', { Name }),
)
const data = record('system.versionInfo', {
  Client: record('system.clientVersion', { Version: '28.2.2' }),
  Server: record('types.Version', { Version: '20.10.24+dfsg1', Components: components }),
})

function run(template: string): string {
  try {
    return `${createTemplate(template, { name: 'version' }).execute(data)}\n`
  } catch (error) {
    assert.ok(error instanceof GantryError)
    return `${error.code === 'CLI_TEMPLATE_FAILED' ? '\n' : ''}${error.message}\n`
  }
}

const transcript = readFileSync(new URL('../../../test/golden/cli/templates.txt', import.meta.url), 'utf8')
for (const block of transcript.split(/^>>> /m).slice(1)) {
  const end = block.indexOf('\n')
  const template = block.slice(0, end)
  test(`the template ${template} prints what the stock client prints`, () => {
    assert.equal(run(template), block.slice(end + 1))
  })
}

test('maps print sorted, missing keys as <no value>, and fail when asked to', () => {
  const value = { b: 1, a: ['x', null], c: { n: true } }
  assert.equal(createTemplate('{{.}} {{.nope}}').execute(value), 'map[a:[x <nil>] b:1 c:map[n:true]] <no value>')
  assert.throws(
    () => createTemplate('{{.nope}}').execute(value, { missingKey: 'error' }),
    /map has no entry for key "nope"/,
  )
})

test('a template cannot include itself for ever', () => {
  assert.throws(
    () => createTemplate('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}').execute({}),
    /exceeded maximum template depth/,
  )
})

test('a table aligns its columns three spaces apart and at least ten wide', () => {
  const shape = { typeName: '*x', table: '{{.ID}}\t{{.Name}}', headers: { ID: 'ID', Name: 'NAME' } }
  const rows = [
    { ID: '1', Name: 'one' },
    { ID: 'a-long-identifier', Name: '世界' },
  ]
  assert.equal(
    renderListing(shape, rows, { format: '' }),
    'ID                  NAME\n1                   one\na-long-identifier   世界\n',
  )
  assert.equal(
    renderListing(shape, rows, { format: 'table {{.Name}}\\t{{.ID}}' }),
    'NAME      ID\none       1\n世界      a-long-identifier\n',
  )
  assert.equal(
    renderListing(shape, [{ ID: '<1>', Name: 'n' }], { format: 'json' }),
    '{"ID":"\\u003c1\\u003e","Name":"n"}\n',
  )
})
