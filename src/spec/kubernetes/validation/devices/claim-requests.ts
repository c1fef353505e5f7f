/** What a claim asks for: requests, constraints between them, configuration (resource/validation, v1.36). */
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
} from '../../objects/resource-v1.generated.ts'
import { each, oneOf, requiredMatches, requiredOneOf } from '../checks.ts'
import { invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { dnsSubdomain } from '../formats.ts'
import { GoValue } from '../go-value.ts'
import { boundedList, boundedSet, fullAttributeName, labelKey, plainName, valueOfLabel } from './device-names.ts'
import { deviceConfiguration, deviceSelectors } from './device-selectors.ts'

const requestsMost = 32
/** Upstream's order of the effects of a taint. */
export const taintEffects: readonly string[] = ['NoExecute', 'NoSchedule', 'None']

/** The names that results, constraints and configurations may refer to: `request` and `request/alternative`. */
export type RequestNames = ReadonlySet<string>

/** All names of a claim's requests. */
export function requestNamesOf(claim: DeviceClaim | undefined): RequestNames {
  return new Set(
    (claim?.requests ?? []).flatMap(({ name, firstAvailable }) => [
      name,
      ...(firstAvailable ?? []).map((alternative) => `${name}/${alternative.name}`),
    ]),
  )
}

const referenceText =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** A name that must be one of the claim's requests. */
export function requestReference(name: string, at: Path, names: RequestNames): FieldError[] {
  const segments = name.split('/')
  if (segments.length > 2) return [invalid(at, name, referenceText)]
  const errors = segments.flatMap((segment) => plainName(segment, at))
  return names.has(name) ? errors : [...errors, invalid(at, name, referenceText)]
}

/** The requests that a constraint or a configuration is for. */
export function requestReferences(
  at: Path,
  references: readonly string[] | undefined,
  names: RequestNames,
): FieldError[] {
  return boundedSet(at, references, {
    most: requestsMost,
    key: (name) => name,
    check: (name, itemAt) => requestReference(name, itemAt, names),
  })
}

function toleration(given: DeviceToleration, at: Path): FieldError[] {
  const { key = '', value = '' } = given
  const operator: string = given.operator ?? ''
  const effect: string = given.effect ?? ''
  const errors = key === '' ? [] : labelKey(key, at.child('key'))
  if (operator === 'Equal') errors.push(...valueOfLabel(value, at.child('value')))
  else if (operator !== 'Exists') errors.push(...requiredOneOf(at.child('operator'), operator, ['Equal', 'Exists']))
  else if (value !== '') errors.push(invalid(at.child('value'), value, 'must be empty for operator `Exists`'))
  return effect === '' ? errors : [...errors, ...oneOf(at.child('effect'), effect, taintEffects)]
}

function allocationMode(
  { allocationMode: mode, count = 0 }: ExactDeviceRequest | DeviceSubRequest,
  at: Path,
): FieldError[] {
  if (mode === 'All') {
    const text = "must not be specified when allocationMode is 'All'"
    return count === 0 ? [] : [invalid(at.child('count'), count, text)]
  }
  if (mode === 'ExactCount') return count > 0 ? [] : [invalid(at.child('count'), count, 'must be greater than zero')]
  return [notSupported(at.child('allocationMode'), mode ?? '', ['All', 'ExactCount'])]
}

function whatIsAsked(request: ExactDeviceRequest | DeviceSubRequest, at: Path): FieldError[] {
  return [
    ...requiredMatches(at.child('deviceClassName'), request.deviceClassName, dnsSubdomain),
    ...deviceSelectors(at.child('selectors'), request.selectors),
    ...allocationMode(request, at),
    ...each(at.child('tolerations'), request.tolerations, toleration),
  ]
}

function alternatives({ exactly, firstAvailable = [] }: DeviceRequest, at: Path): FieldError[] {
  const text = 'exactly one of `exactly` or `firstAvailable` is required'
  if (firstAvailable.length === 0 && exactly === undefined) return [required(at, text)]
  if (firstAvailable.length === 0) return whatIsAsked(exactly as ExactDeviceRequest, at.child('exactly'))
  if (exactly !== undefined) return [invalid(at, new GoValue('null'), `${text}, but multiple fields are set`)]
  return boundedSet(at.child('firstAvailable'), firstAvailable, {
    most: 8,
    key: ({ name }) => name,
    check: (one, oneAt) => [...plainName(one.name, oneAt.child('name')), ...whatIsAsked(one, oneAt)],
  })
}

function constraint(given: DeviceConstraint, at: Path, names: RequestNames): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = given
  const errors = requestReferences(at.child('requests'), requests, names)
  if (matchAttribute !== undefined) {
    return [...errors, ...fullAttributeName(matchAttribute, at.child('matchAttribute'))]
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...fullAttributeName(distinctAttribute, at.child('distinctAttribute'))]
  }
  const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
  return [...errors, required(at, text)]
}

/** The devices of a claim. */
export function deviceClaim(at: Path, claim: DeviceClaim | undefined): FieldError[] {
  const names = requestNamesOf(claim)
  return [
    ...boundedSet(at.child('requests'), claim?.requests, {
      most: requestsMost,
      key: ({ name }) => name,
      check: (request, itemAt) => [...plainName(request.name, itemAt.child('name')), ...alternatives(request, itemAt)],
    }),
    ...boundedList(at.child('constraints'), claim?.constraints, {
      most: 32,
      check: (one, oneAt) => constraint(one, oneAt, names),
    }),
    ...boundedList(at.child('config'), claim?.config, {
      most: 32,
      check: (one, oneAt) => [
        ...requestReferences(oneAt.child('requests'), one.requests, names),
        ...deviceConfiguration(one, oneAt),
      ],
    }),
  ]
}
