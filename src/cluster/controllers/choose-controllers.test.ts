import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chosenControllers, controllerName } from './choose-controllers.ts'

const rows = ['job-controller', 'endpoint-controller', 'x'].map((component) => ({
  account: component,
  component,
  ...(component === 'x' ? { name: 'node-ipam-controller' } : {}),
  start: () => ({ [Symbol.asyncDispose]: async () => {} }),
}))

test('controllers are chosen as kube-controller-manager chooses them', () => {
  const all = ['job-controller', 'endpoints-controller', 'node-ipam-controller']
  const cases: [readonly string[] | undefined, readonly string[]][] = [
    [undefined, all],
    [['*'], all],
    [
      ['*', '-job-controller'],
      ['endpoints-controller', 'node-ipam-controller'],
    ],
    [['job-controller'], ['job-controller']],
    [['-job-controller'], []],
    [
      ['-job-controller', 'job-controller', '*'],
      ['endpoints-controller', 'node-ipam-controller'],
    ],
  ]
  for (const [wanted, want] of cases) assert.deepEqual(chosenControllers(rows, wanted).map(controllerName), want)
  assert.throws(() => chosenControllers(rows, ['*', '-jobs']), /"-jobs" is not in the list of known controllers/)
})
