/** Flow schemas and priority levels: those that every server needs keep what they are made with (v1.36). */
import { path } from '#spec/kubernetes/validation/field-path.ts'
import { type FieldError, invalid } from '#spec/kubernetes/validation/field-errors.ts'
import { internal } from '#spec/kubernetes/validation/internal-value.ts'
import { type ApiObject, equalJson, objectAt } from '../api-object.ts'
import { flowSchemas, mandatory, priorityLevels } from '../bootstrap/flow-control.table.ts'
import type { Strategy } from './strategy.ts'

const specPath = path('spec')

export const flowSchemaStrategy: Partial<Strategy> = { checkCreate: checkSchema, checkUpdate: checkSchema }

export const priorityLevelStrategy: Partial<Strategy> = { checkCreate: checkLevel, checkUpdate: checkLevel }

function checkSchema(schema: ApiObject): readonly FieldError[] {
  const name = schema.metadata.name ?? ''
  if (!mandatory.includes(name) || equalJson(schema['spec'], flowSchemas[name])) return []
  const value = internal('flowcontrol.FlowSchemaSpec', schema['spec'])
  return [invalid(specPath, value, `spec of '${name}' must equal the fixed value`)]
}

function checkLevel(level: ApiObject): readonly FieldError[] {
  const name = level.metadata.name ?? ''
  if (!mandatory.includes(name)) return []
  const fixed = objectAt(priorityLevels, name)
  // How much the exempt level lends is for administrators to say.
  const spec = { ...objectAt(level, 'spec'), ...(name === 'exempt' ? { exempt: fixed['exempt'] } : {}) }
  if (equalJson(spec, fixed)) return []
  const part = name === 'exempt' ? " except the 'spec.exempt' field" : ''
  const value = internal('flowcontrol.PriorityLevelConfigurationSpec', level['spec'])
  return [invalid(specPath, value, `spec of '${name}'${part} must equal the fixed value`)]
}
