/** The JSON types of a create request, refused in the words of Docker's decoder before anything looks at the values; pure. */
import { GantryError } from '#base/errors/gantry-error.ts'

type Shape = 'string' | 'bool' | 'int64' | '[]string' | 'map[string]string' | 'object' | 'strslice'

const configFields: Readonly<Record<string, Shape>> = {
  Hostname: 'string',
  Domainname: 'string',
  User: 'string',
  AttachStdin: 'bool',
  AttachStdout: 'bool',
  AttachStderr: 'bool',
  Tty: 'bool',
  OpenStdin: 'bool',
  StdinOnce: 'bool',
  Env: '[]string',
  Cmd: 'strslice',
  Entrypoint: 'strslice',
  Image: 'string',
  WorkingDir: 'string',
  Labels: 'map[string]string',
  StopSignal: 'string',
  StopTimeout: 'int64',
  ExposedPorts: 'object',
  Volumes: 'object',
  Healthcheck: 'object',
  HostConfig: 'object',
  NetworkingConfig: 'object',
}

const hostFields: Readonly<Record<string, Shape>> = {
  Binds: '[]string',
  NetworkMode: 'string',
  AutoRemove: 'bool',
  CapAdd: 'strslice',
  CapDrop: 'strslice',
  Dns: '[]string',
  DnsSearch: '[]string',
  ExtraHosts: '[]string',
  GroupAdd: '[]string',
  IpcMode: 'string',
  Links: '[]string',
  PidMode: 'string',
  Privileged: 'bool',
  PublishAllPorts: 'bool',
  ReadonlyRootfs: 'bool',
  SecurityOpt: '[]string',
  ShmSize: 'int64',
  Memory: 'int64',
  MemorySwap: 'int64',
  CpuShares: 'int64',
  NanoCpus: 'int64',
  CpusetCpus: 'string',
  PortBindings: 'object',
  RestartPolicy: 'object',
  LogConfig: 'object',
  Tmpfs: 'map[string]string',
  Sysctls: 'map[string]string',
  VolumesFrom: '[]string',
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string')
const isObject = (value: unknown): boolean => kindOf(value) === 'object'

const fits: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int64: (value) => Number.isInteger(value),
  '[]string': isStrings,
  strslice: (value) => typeof value === 'string' || isStrings(value),
  'map[string]string': (value) =>
    isObject(value) && Object.values(value as object).every((one) => typeof one === 'string'),
  object: isObject,
}

function checkFields(struct: string, value: object, fields: Readonly<Record<string, Shape>>): void {
  for (const [name, found] of Object.entries(value)) {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined
    // null is every type's zero value.
    if (shape === undefined || found === null || fits[shape](found)) continue
    const wanted = shape === 'strslice' ? '[]string' : shape
    throw new GantryError(
      'ENGINE_BODY_TYPE',
      'invalid',
      `json: cannot unmarshal ${kindOf(found)} into Go struct field ${struct}.${name} of type ${wanted}`,
      { remedy: 'Send the field with the type that the API names.' },
    )
  }
}

/** @throws GantryError invalid for the first field whose JSON type is another than the API's. */
export function checkCreateTypes(body: object): void {
  checkFields('CreateRequest', body, configFields)
  const { HostConfig: host } = body as { readonly HostConfig?: object | null }
  if (host !== undefined && host !== null) checkFields('HostConfig', host, hostFields)
}
