/** What an access review asks (authorization.k8s.io/v1), selectors included; pure. */
import { formatSelector, type Requirement, selectorFromObject } from '#base/data/label-selector.ts'
import { GantryError } from '#base/errors/gantry-error.ts'
import { parseFieldSelector } from '#spec/kubernetes/selectors/parse-field-selector.ts'
import { parseSelector } from '#base/data/label-selector.ts'
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { type ApiObject, listAt, objectAt, textAt } from '../api-object.ts'
import type { User } from '../user.ts'
import type { Access } from './access.ts'

/** A question, and what of it could not be understood. Terms only narrow a question: without some it is a wider one. */
export interface AskedAccess {
  readonly access: Access
  readonly problems: readonly string[]
}

/** The question of a review about a user. */
export function askedAccess(review: ApiObject, user: User): AskedAccess {
  const spec = objectAt(review, 'spec')
  if (spec['resourceAttributes'] === undefined) {
    const path = objectAt(spec, 'nonResourceAttributes')
    const nothing = { group: '', resource: '', subresource: '', namespace: '', name: '' }
    return {
      access: { user, isResource: false, verb: textAt(path, 'verb'), path: textAt(path, 'path'), ...nothing },
      problems: [],
    }
  }
  const resource = objectAt(spec, 'resourceAttributes')
  const fields = selectorText(objectAt(resource, 'fieldSelector'), fieldKind)
  const labels = selectorText(objectAt(resource, 'labelSelector'), labelKind)
  return {
    access: {
      user,
      isResource: true,
      verb: textAt(resource, 'verb'),
      group: textAt(resource, 'group'),
      version: textAt(resource, 'version') || '*',
      resource: textAt(resource, 'resource'),
      subresource: textAt(resource, 'subresource'),
      namespace: textAt(resource, 'namespace'),
      name: textAt(resource, 'name'),
      path: '',
      fieldSelector: fields.text,
      labelSelector: labels.text,
    },
    problems: [...problemOf('fieldSelector', fields), ...problemOf('labelSelector', labels)],
  }
}

interface SelectorText {
  readonly text: string
  readonly isBroken: boolean
}

interface SelectorKind {
  /** @throws for text that is no selector. */
  readonly parse: (text: string) => unknown
  /** One term as text; undefined for one that cannot be meant. */
  readonly term: (requirement: JsonObject) => string | undefined
}

function selectorText(selector: JsonObject, { parse, term }: SelectorKind): SelectorText {
  const raw = textAt(selector, 'rawSelector')
  if (raw !== '') return { text: isMeant(() => parse(raw)) ? raw : '', isBroken: !isMeant(() => parse(raw)) }
  const terms = listAt(selector, 'requirements').map(term)
  const known = terms.filter((one) => one !== undefined)
  return { text: known.join(','), isBroken: known.length < terms.length }
}

function problemOf(name: string, { text, isBroken }: SelectorText): readonly string[] {
  if (!isBroken) return []
  return [`spec.resourceAttributes.${name} ${text === '' ? '' : 'partially '}ignored due to parse error`]
}

function isMeant(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    if (error instanceof GantryError) return false
    throw error
  }
}

function valuesOf(requirement: JsonObject): readonly string[] {
  const { values } = requirement
  return Array.isArray(values) ? values.map(String) : []
}

/** Terms of fields have one value each. */
const fieldKind: SelectorKind = {
  parse: parseFieldSelector,
  term: (requirement) => {
    const sign = { In: '=', NotIn: '!=' }[textAt(requirement, 'operator')]
    const [value, ...others] = valuesOf(requirement)
    if (sign === undefined || value === undefined || others.length > 0) return undefined
    return `${textAt(requirement, 'key')}${sign}${value.replaceAll(/[\\,=]/g, String.raw`\$&`)}`
  },
}

const labelKind: SelectorKind = {
  parse: parseSelector,
  term: (requirement) => {
    const expression = { key: textAt(requirement, 'key'), operator: textAt(requirement, 'operator') }
    let terms: readonly Requirement[] = []
    const build = (): void => {
      terms = selectorFromObject({ matchExpressions: [{ ...expression, values: valuesOf(requirement) }] })
    }
    return isMeant(build) ? formatSelector(terms) : undefined
  },
}
