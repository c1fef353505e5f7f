/** What requests for logs and streams of pods ask for: query parameters checked and turned into what kubelets understand. */
import { listAt } from './object-lists.ts'
import {
  forbidden,
  invalid as invalidField,
  notSupported,
  type FieldError,
} from '#spec/kubernetes/validation/field-errors.ts'
import { Path } from '#spec/kubernetes/validation/field-path.ts'
import type { Query } from '#kit/http/query.ts'
import { type ApiObject, textAt } from '../api-object.ts'
import { badRequest, invalid } from '../status-errors.ts'

const logStreams = ['All', 'Stderr', 'Stdout']

function isSet(query: Query, name: string): boolean {
  const text = query.get(name)
  return text !== undefined && text !== 'false' && text !== '0'
}

function integer(query: Query, name: string): number | undefined {
  const text = query.get(name)
  if (text === undefined || text === '') return undefined
  if (!/^[+-]?\d{1,18}$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

/** The kubelet's query of a log. @throws 400, 422. */
export function logQuery(query: Query, pod: string): URLSearchParams {
  const numbers = {
    sinceSeconds: integer(query, 'sinceSeconds'),
    tailLines: integer(query, 'tailLines'),
    limitBytes: integer(query, 'limitBytes'),
  }
  const sinceTime = query.get('sinceTime') ?? ''
  const stream = query.get('stream') ?? 'All'
  const causes = logProblems({ ...numbers, sinceTime, stream })
  if (causes.length > 0) throw invalid({ group: '', resource: 'PodLogOptions', name: pod }, causes)
  const params = new URLSearchParams()
  for (const name of ['follow', 'previous', 'timestamps']) if (isSet(query, name)) params.set(name, 'true')
  if (sinceTime !== '') params.set('sinceTime', sinceTime)
  for (const [name, value] of Object.entries(numbers)) if (value !== undefined) params.set(name, String(value))
  params.set('stream', stream)
  return params
}

interface LogOptions {
  readonly sinceSeconds: number | undefined
  readonly tailLines: number | undefined
  readonly limitBytes: number | undefined
  readonly sinceTime: string
  readonly stream: string
}

function logProblems(options: LogOptions): readonly FieldError[] {
  const { tailLines, limitBytes, stream } = options
  const at = (name: string): Path => new Path(name)
  const problems: (FieldError | false)[] = [
    (tailLines ?? 0) < 0 && invalidField(at('tailLines'), tailLines, 'must be greater than or equal to 0'),
    (limitBytes ?? 1) < 1 && invalidField(at('limitBytes'), limitBytes, 'must be greater than 0'),
    sinceProblem(options),
    !logStreams.includes(stream) && notSupported(at('stream'), stream, logStreams),
    stream !== 'All' &&
      tailLines !== undefined &&
      forbidden(at(''), '`tailLines` and specific `stream` are mutually exclusive for now'),
  ]
  return problems.filter((problem) => problem !== false)
}

function sinceProblem({ sinceSeconds, sinceTime }: LogOptions): FieldError | false {
  if (sinceSeconds === undefined) return false
  if (sinceTime !== '') return forbidden(new Path(''), 'at most one of `sinceTime` or `sinceSeconds` may be specified')
  return sinceSeconds < 1 && invalidField(new Path('sinceSeconds'), sinceSeconds, 'must be greater than 0')
}

/** The ends of an exec or attach that are asked for. */
export interface StreamEnds {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** Reads them. */
export function streamEnds(query: Query): StreamEnds {
  const one = (name: string): boolean => isSet(query, name)
  return { stdin: one('stdin'), stdout: one('stdout'), stderr: one('stderr'), tty: one('tty') }
}

/** The kubelet's query of an exec or attach. */
export function streamQuery(query: Query): URLSearchParams {
  const { stdin, stdout, stderr, tty } = streamEnds(query)
  const params = new URLSearchParams()
  for (const [name, isAsked] of [
    ['input', stdin],
    ['output', stdout],
    ['error', stderr],
    ['tty', tty],
  ] as const)
    if (isAsked) params.set(name, '1')
  for (const word of query.all('command')) params.append('command', word)
  return params
}

/** The container that is meant: the named one, or the only one. @throws 400. */
export function chosenContainer(pod: ApiObject, wanted: string): string {
  const name = pod.metadata.name ?? ''
  const namesOf = (list: string): readonly string[] => listAt(pod, 'spec', list).map((one) => textAt(one, 'name'))
  const containers = namesOf('containers')
  const all = [...namesOf('initContainers'), ...containers, ...namesOf('ephemeralContainers')]
  if (wanted !== '') {
    if (all.includes(wanted)) return wanted
    throw badRequest(`container ${wanted} is not valid for pod ${name}`)
  }
  if (containers.length === 1) return containers[0] ?? ''
  const choice = containers.length === 0 ? '' : `, choose one of: [${all.join(' ')}]`
  throw badRequest(`a container name must be specified for pod ${name}${choice}`)
}
