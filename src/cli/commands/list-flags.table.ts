/** Flags that listings share. */
import type { FlagSpec } from '#cli/grammar/flag-types.ts'

export const formatFlag: FlagSpec = {
  name: 'format',
  kind: 'string',
  help: "Layout of the output: 'table', 'table TEMPLATE', 'json' or a Go template",
}
export const inspectFormatFlag: FlagSpec = {
  name: 'format',
  short: 'f',
  kind: 'string',
  help: "Layout of the output: 'json' or a Go template",
}
export const filterFlag: FlagSpec = {
  name: 'filter',
  short: 'f',
  kind: 'filter',
  help: 'Show only what fits (key=value)',
}
export const pruneFilterFlag: FlagSpec = { name: 'filter', kind: 'filter', help: 'Remove only what fits (key=value)' }
export const noTruncFlag: FlagSpec = { name: 'no-trunc', kind: 'bool', help: 'Show values in full' }
export const forceFlag: FlagSpec = { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' }
export const quietFlag = (what: string): FlagSpec => ({
  name: 'quiet',
  short: 'q',
  kind: 'bool',
  help: `Show only ${what}`,
})
