/** Probes, lifecycle hooks and what they call. */
import type {
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  PodOS,
  Probe,
  SleepAction,
} from '../../objects/core-v1.generated.ts'
import { each, ifSet, matches, nonNegative, oneOf, portNumber, joined } from '../checks.ts'
import { forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.ts'
import type { Path } from '../field-path.ts'
import { httpHeaderName, portName } from '../formats.ts'

/** A port by number or by name. */
export function portNumberOrName(at: Path, port: number | string): FieldError[] {
  return typeof port === 'number' ? portNumber(at, port) : matches(at, port, portName)
}

type Handler = Probe & LifecycleHandler

function validateHttpGet(at: Path, action: HTTPGetAction): FieldError[] {
  return joined(
    (action.path ?? '') === '' ? [required(at.child('path'))] : [],
    portNumberOrName(at.child('port'), action.port),
    oneOf(at.child('scheme'), action.scheme, ['HTTP', 'HTTPS']),
    each(at, action.httpHeaders, (header) => matches(at.child('httpHeaders'), header.name, httpHeaderName)),
  )
}

function validateSleep(at: Path, sleep: SleepAction, graceSeconds: number | undefined): FieldError[] {
  const seconds = sleep.seconds ?? 0
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return []
  const text = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`
  return [invalid(at, seconds, text)]
}

function handlerErrors(
  at: Path,
  handler: Handler,
  graceSeconds: number | undefined,
): readonly (readonly [string, FieldError[]])[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  const found: (readonly [string, FieldError[]])[] = []
  if (exec !== undefined) {
    const isEmpty = (exec.command ?? []).length === 0
    found.push(['exec', isEmpty ? [required(at.child('exec', 'command'))] : []])
  }
  if (httpGet !== undefined) found.push(['httpGet', validateHttpGet(at.child('httpGet'), httpGet)])
  if (tcpSocket !== undefined)
    found.push(['tcpSocket', portNumberOrName(at.child('tcpSocket', 'port'), tcpSocket.port)])
  if (grpc !== undefined) found.push(['grpc', portNumber(at.child('grpc', 'port'), grpc.port)])
  if (sleep !== undefined) found.push(['sleep', validateSleep(at.child('sleep'), sleep, graceSeconds)])
  return found
}

function validateHandler(at: Path, handler: Handler, graceSeconds: number | undefined): FieldError[] {
  const found = handlerErrors(at, handler, graceSeconds)
  if (found.length === 0) return [required(at, 'must specify a handler type')]
  return found.flatMap(([name, errors], index) =>
    index === 0 ? errors : [forbidden(at.child(name), 'may not specify more than 1 handler type')],
  )
}

function validateProbe(at: Path, probe: Probe, graceSeconds: number | undefined): FieldError[] {
  const grace = probe.terminationGracePeriodSeconds
  return joined(
    validateHandler(at, probe, graceSeconds),
    nonNegative(at.child('initialDelaySeconds'), probe.initialDelaySeconds),
    nonNegative(at.child('timeoutSeconds'), probe.timeoutSeconds),
    nonNegative(at.child('periodSeconds'), probe.periodSeconds),
    nonNegative(at.child('successThreshold'), probe.successThreshold),
    nonNegative(at.child('failureThreshold'), probe.failureThreshold),
    grace !== undefined && grace <= 0
      ? [invalid(at.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0')]
      : [],
  )
}

interface Probes {
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
}

function validateOnceProbe(at: Path, probe: Probe, graceSeconds: number | undefined): FieldError[] {
  const threshold = probe.successThreshold ?? 0
  const once = threshold === 1 ? [] : [invalid(at.child('successThreshold'), threshold, 'must be 1')]
  return joined(validateProbe(at, probe, graceSeconds), once)
}

/** The three probes of a container. */
export function validateProbes(at: Path, container: Probes, graceSeconds: number | undefined): FieldError[] {
  return joined(
    ifSet(container.livenessProbe, (probe) => validateOnceProbe(at.child('livenessProbe'), probe, graceSeconds)),
    ifSet(container.readinessProbe, (probe) => {
      const probeAt = at.child('readinessProbe')
      const grace = probe.terminationGracePeriodSeconds
      const errors = validateProbe(probeAt, probe, graceSeconds)
      if (grace === undefined) return errors
      const text = 'must not be set for readinessProbes'
      return [...errors, invalid(probeAt.child('terminationGracePeriodSeconds'), grace, text)]
    }),
    ifSet(container.startupProbe, (probe) => validateOnceProbe(at.child('startupProbe'), probe, graceSeconds)),
  )
}

const plainSignals =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'
const realTime = [
  'RTMIN',
  ...Array.from({ length: 15 }, (_, i) => `RTMIN+${i + 1}`),
  ...Array.from({ length: 14 }, (_, i) => `RTMAX-${14 - i}`),
  'RTMAX',
]
const linuxSignals: readonly string[] = [...plainSignals.split(' '), ...realTime].map((name) => `SIG${name}`).sort()
const windowsSignals: readonly string[] = ['SIGKILL', 'SIGTERM']

function validateStopSignal(at: Path, signal: string, os: PodOS | undefined): FieldError[] {
  if (os === undefined) return [forbidden(at, 'may not be set for containers with empty `spec.os.name`')]
  if (os.name !== 'linux' && os.name !== 'windows') return []
  const supported = os.name === 'windows' ? windowsSignals : linuxSignals
  return supported.includes(signal) ? [] : [notSupported(at, signal, supported)]
}

/** The hooks and the stop signal of a container. */
export function validateLifecycle(
  at: Path,
  lifecycle: Lifecycle | undefined,
  pod: { readonly graceSeconds: number | undefined; readonly os: PodOS | undefined },
): FieldError[] {
  return joined(
    ifSet(lifecycle?.postStart, (hook) => validateHandler(at.child('postStart'), hook, pod.graceSeconds)),
    ifSet(lifecycle?.preStop, (hook) => validateHandler(at.child('preStop'), hook, pod.graceSeconds)),
    ifSet(lifecycle?.stopSignal, (signal) => validateStopSignal(at.child('stopSignal'), signal, pod.os)),
  )
}
