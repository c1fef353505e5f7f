/** `/version`: which release of the API this server speaks. Clients gate features on it. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'

export const serverVersion: JsonObject & {
  readonly gitVersion: string
  readonly major: string
  readonly minor: string
} = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.3',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'gantry',
  platform: 'linux/amd64',
}
