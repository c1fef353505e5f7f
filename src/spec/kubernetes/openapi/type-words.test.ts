import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openApiV3 } from './documents.ts'
import { joinWords } from './join-words.ts'
import { classNamesOf, type DescribeType, readDeclaration, readInterfaces } from './type-words.ts'

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
    /**
    * IntOrString is a type that can hold an int32 or a string.
    */
    'port'?: IntOrString;
}
`

const interfaces = `import { Time } from "../runtime";
/** A pod
 * is small.
 */
export interface Pod {
    /** What is wanted.
     *
     * And more.
     */
    spec?: PodSpec;
    name: string;
    /** How it is. */
    readonly status?: PodStatus;
    /** As a property. */
    "$ref"?: string;
}
export interface Bare {
    /** Its only field. */
    one: string;
}
/** An alias is no interface. */
export declare type Alias = string;
`

describe('words of types', () => {
  it('are read from the comments of a file with many interfaces', () => {
    const types = readInterfaces(interfaces)
    assert.equal(types.get('Pod')?.text, 'A pod\nis small.')
    assert.equal(types.get('Pod')?.field('spec'), 'What is wanted.\n\nAnd more.')
    assert.equal(types.get('Pod')?.field('name'), undefined)
    assert.equal(types.get('Pod')?.field('status'), 'How it is.')
    assert.equal(types.get('Pod')?.field('$ref'), 'As a property.')
    assert.equal(types.get('Alias')?.text, 'An alias is no interface.')
    assert.equal(types.get('Pod')?.field('one'), undefined)
  })

  it('come from the first source, from the second where it has none but its type’s, or keeps the same in paragraphs', () => {
    const source =
      (fields: Record<string, string>): DescribeType =>
      () => ({ text: undefined, field: (json) => fields[json] })
    const newer = source({ a: 'new:  one.  two a  b', b: 'one two', e: 'A time.', f: 'A time.' })
    const older = source({ a: 'old', b: 'one\n\ntwo', c: 'only', e: 'When.' })
    const words = joinWords(newer, older, new Set(['A time.']))('T')
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((field) => words?.field(field)),
      ['new:\n\none.\n\ntwo a  b', 'one\n\ntwo', 'only', undefined, 'When.', undefined],
    )
    assert.equal(joinWords(() => undefined, older, new Set())('T')?.field('c'), 'only')
  })

  it('end with the values that upstream publishes', () => {
    const document = openApiV3({ group: '', version: 'v1' }, {}) as unknown as {
      readonly components: { readonly schemas: Record<string, { properties: Record<string, object> }> }
    }
    const { schemas } = document.components
    assert.deepEqual(schemas['io.k8s.api.core.v1.PodSpec']?.properties['restartPolicy'], {
      description: 'Possible enum values:\n - `"Always"`\n - `"Never"`\n - `"OnFailure"`',
      type: 'string',
      enum: ['Always', 'Never', 'OnFailure'],
    })
    assert.deepEqual(schemas['io.k8s.api.core.v1.Namespace']?.properties['kind'], { type: 'string' })
  })

  it('are read from the comments of a declaration', () => {
    const words = readDeclaration(declaration)
    assert.equal(words.text, "A spec doesn't do anything.")
    assert.equal(words.field('activeDeadlineSeconds'), 'How long, in seconds.')
    assert.equal(words.field('default'), 'What else there is.')
    assert.equal(words.field('affinity'), undefined)
    assert.equal(words.field('port'), undefined)
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
