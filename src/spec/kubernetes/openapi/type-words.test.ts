import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openApiV3 } from './documents.ts'
import { classNamesOf, readDeclaration } from './type-words.ts'

const declaration = `/**
 * A header of the generator.
 */
/**
* A spec doesn\\'t do anything.
*/
export declare class V1PodSpec {
    /**
    * How long, in seconds.
    */
    'activeDeadlineSeconds'?: number;
    'affinity'?: V1Affinity;
    /**
    * What else there is.
    */
    '_default'?: string;
}
`

describe('words of types', () => {
  it('are read from the comments of a declaration', () => {
    const words = readDeclaration(declaration)
    assert.equal(words.text, "A spec doesn't do anything.")
    assert.equal(words.field('activeDeadlineSeconds'), 'How long, in seconds.')
    assert.equal(words.field('default'), 'What else there is.')
    assert.equal(words.field('affinity'), undefined)
  })

  it('are looked for with and without the group', () => {
    assert.deepEqual(classNamesOf('io.k8s.api.core.v1.Event'), ['CoreV1Event', 'V1Event'])
  })

  it('stand in the documents beside types and fields', () => {
    const describeType = (name: string): ReturnType<typeof readDeclaration> | undefined =>
      name === 'io.k8s.api.core.v1.PodSpec' ? readDeclaration(declaration) : undefined
    const document = openApiV3({ group: '', version: 'v1' }, { describeType }) as unknown as {
      readonly components: {
        readonly schemas: Record<string, Record<string, Record<string, { description?: string }>>>
      }
    }
    const spec = document.components.schemas['io.k8s.api.core.v1.PodSpec']
    assert.equal(spec?.['description'], "A spec doesn't do anything.")
    assert.equal(spec?.['properties']?.['activeDeadlineSeconds']?.description, 'How long, in seconds.')
  })
})
