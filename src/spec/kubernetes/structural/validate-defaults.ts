/** Defaults of a schema against that schema: pruned, valid, and within its rules (apiextensions schema/defaulting, v1.36). */
import { messageOf } from '#base/errors/gantry-error.ts'
import { objectBudget } from '../cel/cel-limits.ts'
import { isJsonObject, type JsonObject } from '../objects/objects.ts'
import { type FieldError, fieldErrorText, invalid } from '../validation/field-errors.ts'
import { path, type Path } from '../validation/field-path.ts'
import { checkRules } from './check-rules.ts'
import { coerceEmbedded, validateEmbedded } from './coerce-metadata.ts'
import { prune } from './prune.ts'
import { ruleTree } from './rule-tree.ts'
import { asResource, resourceMembers, type SchemaNode } from './schema-node.ts'
import { validateValue } from './validate-value.ts'

/** Puts a value where the schema stands into an object of the resource around it. */
type Surround = (value: unknown) => unknown

interface Place {
  readonly at: Path
  readonly node: SchemaNode
  /** The resource that the schema is part of. */
  readonly root: SchemaNode
  readonly surround: Surround
  readonly inMetadata: boolean
}

const asItself: Surround = (value) => value

/** What is wrong with the defaults in a schema of a whole resource; `at` is the schema's path. */
export function validateDefaults(at: Path, schema: SchemaNode): readonly FieldError[] {
  const root = asResource(schema)
  const check = new DefaultsCheck()
  check.walk({ at, node: root, root, surround: asItself, inMetadata: false })
  return check.errors
}

class DefaultsCheck {
  readonly errors: FieldError[] = []
  #budget = objectBudget

  walk(place: Place): void {
    const { node } = place
    if (this.#budget < 0) return
    const here = node.embedded ? { ...place, root: node, surround: asItself, inMetadata: false } : place
    if (node.default !== undefined) this.errors.push(...this.#own(here))
    const { at, surround } = here
    // Additional properties may have no defaults.
    if (node.items !== undefined)
      this.walk({ ...here, at: at.child('items'), node: node.items, surround: (value) => surround([value]) })
    for (const [name, property] of node.properties) {
      this.walk({
        ...here,
        at: at.child('properties').key(name),
        node: property,
        surround: (value) => surround({ [name]: value }),
        inMetadata: here.inMetadata || (node.embedded && resourceMembers.has(name)),
      })
    }
  }

  #own(place: Place): readonly FieldError[] {
    const { node } = place
    const at = place.at.child('default')
    const value = node.default
    const first = place.inMetadata ? metadataErrors(place, at) : shapeErrors(node, at)
    if (first.length > 0) return first
    const errors = validateValue(at, value, { node })
    return errors.length > 0 ? errors : this.#rules(place, at)
  }

  /** Once as an update that changes nothing, once as something new. */
  #rules({ node, root }: Place, at: Path): readonly FieldError[] {
    const tree = ruleTree(node, node === root)
    if (tree === undefined) return []
    const subject = { at, value: node.default, correlation: undefined }
    const same = checkRules(tree, { ...subject, old: node.default }, this.#budget)
    const fresh = same.errors.length > 0 ? same : checkRules(tree, { ...subject, old: undefined }, this.#budget)
    this.#budget = Math.min(same.budget, fresh.budget)
    return fresh.errors
  }
}

function shapeErrors(node: SchemaNode, at: Path): FieldError[] {
  const value = node.default
  const errors = prune(value, node, false).value === value ? [] : [invalid(at, value, 'must not have unknown fields')]
  try {
    coerceEmbedded(value, node, at)
  } catch (error) {
    return [...errors, invalid(at, value, messageOf(error))]
  }
  return [...errors, ...validateEmbedded(at, value, { node })]
}

/** Parts of metadata are looked at as parts of a resource. */
function metadataErrors({ node, root, surround }: Place, at: Path): FieldError[] {
  const object = surround(node.default)
  const whole: JsonObject = { kind: 'Validation', apiVersion: 'validation/v1', ...(isJsonObject(object) ? object : {}) }
  const fail = (why: string): FieldError[] => [invalid(at, node.default, `must result in valid metadata: ${why}`)]
  try {
    const { value } = coerceEmbedded(whole, root, path())
    const errors = validateEmbedded(path(), value, { node: root })
    return errors.length === 0 ? [] : fail(errors.map(fieldErrorText).join(', '))
  } catch (error) {
    return fail(messageOf(error))
  }
}
