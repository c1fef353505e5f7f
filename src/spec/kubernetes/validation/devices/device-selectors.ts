/** Expressions that select devices, and the drivers' own parameters (resource/validation, v1.36). */
import { celTypeName } from '../../cel/cel-type.ts'
import { perCallLimit } from '../../cel/cel-limits.ts'
import { compileCel } from '../../cel/compile-cel.ts'
import { deviceEnvironment } from '../../cel/device-environment.ts'
import { isJsonObject } from '../../objects/objects.ts'
import type { DeviceSelector, OpaqueDeviceConfiguration } from '../../objects/resource-v1.generated.ts'
import { byteLength } from '../checks.ts'
import { forbidden, invalid, required, tooLong, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { csiDriverName } from '../format-errors.ts'
import { goJson, GoValue } from '../go-value.ts'
import { boundedList } from './device-names.ts'

const expressionBytesMax = 10 * 1024
const parametersBytesMax = 10 * 1024

function expressionErrors(expression: string, at: Path): FieldError[] {
  if (byteLength(expression) > expressionBytesMax) return [tooLong(at, expressionBytesMax)]
  const compiled = compileCel(expression, deviceEnvironment)
  if ('problem' in compiled) return [invalid(at, expression, `compilation failed: ${compiled.problem}`)]
  const { resultType } = compiled.program
  if (resultType.kind !== 'bool' && resultType.kind !== 'dyn') {
    return [invalid(at, expression, `must evaluate to bool or the unknown type, not ${celTypeName(resultType)}`)]
  }
  const isDear = compiled.program.estimate().max > perCallLimit
  return isDear ? [forbidden(at, 'too complex, exceeds cost limit')] : []
}

/** Selectors of a class or of a request. */
export function deviceSelectors(at: Path, selectors: readonly DeviceSelector[] | undefined): FieldError[] {
  return boundedList(at, selectors, {
    most: 32,
    check: ({ cel }, itemAt) => {
      const celAt = itemAt.child('cel')
      return cel === undefined ? [required(celAt)] : expressionErrors(cel.expression ?? '', celAt.child('expression'))
    },
  })
}

/**
 * Data of a driver: a JSON object of at most so many bytes; absent is not one.
 * @param bytesMax undefined where the data was accepted before.
 */
export function driverData(data: unknown, at: Path, bytesMax: number | undefined): FieldError[] {
  if (data === undefined || data === null) return [required(at)]
  if (bytesMax !== undefined && byteLength(goJson(data)) > bytesMax) return [tooLong(at, bytesMax)]
  return isJsonObject(data) ? [] : [invalid(at, new GoValue('"<value omitted>"'), 'must be a valid JSON object')]
}

/**
 * The configuration for a device, which is opaque to all but its driver.
 * @param isStored the list it stands in was accepted before, whatever its sizes.
 */
export function deviceConfiguration(
  config: { readonly opaque?: OpaqueDeviceConfiguration },
  at: Path,
  isStored: boolean = false,
): FieldError[] {
  const opaqueAt = at.child('opaque')
  if (config.opaque === undefined) return [required(opaqueAt)]
  const { driver, parameters } = config.opaque
  return [
    ...csiDriverName(opaqueAt.child('driver'), driver),
    ...driverData(parameters, opaqueAt.child('parameters'), isStored ? undefined : parametersBytesMax),
  ]
}
