/** `GET /containers/{id}/logs`. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { dockerTime } from '#engine/logs/log-format.ts'
import type { LogLine } from '#engine/logs/log-format.ts'
import { readLogBatches } from '#engine/logs/read-logs.ts'
import type { LogQuery } from '#engine/logs/read-logs.ts'
import { parseApiTime } from '#spec/docker/api-time.ts'
import { param } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'
import { frame } from './stream-frames.ts'

function readQuery(call: ApiCall, now: number): LogQuery {
  const { query, signal } = call.request
  const stdout = query.flag('stdout')
  const stderr = query.flag('stderr')
  if (!stdout && !stderr)
    throw new GantryError('ENGINE_LOG_STREAMS', 'invalid', 'Bad parameters: you must choose at least one stream')
  const tail = query.get('tail') ?? 'all'
  const since = parseApiTime('since', query.get('since') ?? '', now)
  const until = parseApiTime('until', query.get('until') ?? '', now)
  return {
    stdout,
    stderr,
    follow: query.flag('follow'),
    signal,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    // Anything that is no count means everything, as with Docker.
    ...(/^\d+$/.test(tail) ? { tail: Number(tail) } : {}),
  }
}

function encode(
  lines: readonly LogLine[],
  options: { readonly raw: boolean; readonly timestamps: boolean; readonly details: string },
): Buffer {
  const chunks = lines.map(({ stream, time, text }) => {
    const prefix = `${options.timestamps ? `${dockerTime(time)} ` : ''}${options.details}`
    const line = prefix === '' ? text : Buffer.concat([Buffer.from(prefix), text])
    return options.raw ? line : frame(stream, line)
  })
  return Buffer.concat(chunks)
}

/** Labels and variables that `--log-opt labels=…,env=…` picked, as `details` shows them. */
function detailsOf(parts: EngineParts, id: string): string {
  const { config, hostConfig } = parts.book.resolve(id).record
  const options = hostConfig.LogConfig.Config
  const names = (key: string): string[] => (options[key] ?? '').split(',').filter((name) => name !== '')
  const labels = names('labels').flatMap((name) =>
    config.Labels[name] === undefined ? [] : [`${name}=${config.Labels[name]}`],
  )
  const env = names('env').flatMap((name) => config.Env.filter((variable) => variable.startsWith(`${name}=`)))
  const all = [...labels, ...env]
  return all.length > 0 ? `${all.join(',')} ` : ''
}

export function logRoutes(parts: EngineParts): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/containers/{id}/logs',
      handler: async (call) => {
        const container = parts.book.resolve(param(call, 'id'))
        const query = readQuery(call, parts.world.clock.now())
        const { config, hostConfig } = container.record
        if (hostConfig.LogConfig.Type === 'none') {
          throw new GantryError(
            'ENGINE_LOG_DRIVER',
            'not-implemented',
            'configured logging driver does not support reading',
            { remedy: 'Use the json-file or local log driver.' },
          )
        }
        const details = call.request.query.flag('details') ? detailsOf(parts, container.id) : ''
        const options = { raw: config.Tty, timestamps: call.request.query.flag('timestamps'), details }
        const multiplexed = !config.Tty && call.version.minor >= 42
        call.response.start(200, {
          'Content-Type': multiplexed
            ? 'application/vnd.docker.multiplexed-stream'
            : 'application/vnd.docker.raw-stream',
        })
        for await (const lines of readLogBatches(parts, container, query))
          await call.response.write(encode(lines, options))
        call.response.end()
      },
    },
  ]
}
