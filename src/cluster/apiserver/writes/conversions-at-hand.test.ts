import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GantryError, messageOf } from '#base/errors/gantry-error.ts'
import { type ApiObject, textAt } from '../api-object.ts'
import { type ConvertNow, withConversions } from './conversions-at-hand.ts'

const base: ApiObject = { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'a' } }

function converted(object: ApiObject, apiVersion: string): ApiObject {
  if (apiVersion === 'x/bad') throw new GantryError('TEST', 'internal', `no ${object.apiVersion} in ${apiVersion}`)
  return { ...object, apiVersion, path: `${textAt(object, 'path')}>${apiVersion}` }
}

/** Goes through versions, each from what the one before came to; a failed step is noted and left out. */
function walk(steps: readonly string[]): (convert: ConvertNow) => string {
  return (convert) => {
    let object = base
    const failures: string[] = []
    for (const step of steps) {
      try {
        object = convert(object, step)
      } catch (error) {
        if (!(error instanceof GantryError)) throw error
        failures.push(messageOf(error))
      }
    }
    return `${textAt(object, 'path')} ${failures.join(', ')}`
  }
}

test('what has to be asked for comes to the same as what is at hand, each object asked for once', async () => {
  const step = fc.constantFrom('x/v1', 'x/v2', 'x/v3', 'x/bad')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const expected = withConversions(converted, walk(steps))
      const asked: string[] = []
      const later = async (object: ApiObject, apiVersion: string): Promise<ApiObject> => {
        asked.push(`${apiVersion} ${JSON.stringify(object)}`)
        await Promise.resolve()
        return converted(object, apiVersion)
      }
      assert.equal(await withConversions(later, walk(steps)), expected)
      assert.equal(new Set(asked).size, asked.length)
    }),
  )
})

test('what is at hand does not make anybody wait', () => {
  assert.equal(withConversions(converted, walk(['x/v2'])), '>x/v2 ')
})

test('a fault of the converter’s own goes through', async () => {
  const broken = (): Promise<ApiObject> => Promise.reject(new TypeError('broken'))
  await assert.rejects(async () => withConversions(broken, walk(['x/v2'])), /broken/)
})
