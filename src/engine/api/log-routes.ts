/** `GET /containers/{id}/logs`. */
import { GantryError } from '#base/errors/gantry-error.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import { LogEncoder } from '#engine/logs/encode-logs.ts'
import { readLogChunks } from '#engine/logs/read-logs.ts'
import type { LogQuery } from '#engine/logs/read-logs.ts'
import { parseApiTime } from '#spec/docker/api-time.ts'
import { param } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

function readQuery(call: ApiCall, now: number): LogQuery {
  const { query, signal } = call.request
  const stdout = query.flag('stdout')
  const stderr = query.flag('stderr')
  if (!stdout && !stderr)
    throw new GantryError('ENGINE_LOG_STREAMS', 'invalid', 'Bad parameters: you must choose at least one stream', {
      remedy: 'Ask for stdout, stderr or both.',
    })
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

/** Labels and variables that `--log-opt labels=…,env=…` picked, as `details` shows them. */
function detailsOf(parts: EngineParts, id: string): string {
  const { config, hostConfig } = parts.book.resolve(id).record
  const options = hostConfig.LogConfig.Config
  const names = (key: string): string[] => (options[key] ?? '').split(',').filter((name) => name !== '')
  const labels = names('labels').flatMap((name) =>
    config.Labels[name] === undefined ? [] : [`${name}=${config.Labels[name]}`],
  )
  const env = names('env').flatMap((name) => config.Env.filter((variable) => variable.startsWith(`${name}=`)))
  const all = [...labels, ...env].toSorted()
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
        const encoder = new LogEncoder({
          ...query,
          raw: config.Tty,
          timestamps: call.request.query.flag('timestamps'),
          details,
        })
        const multiplexed = !config.Tty && call.version.minor >= 42
        call.response.start(200, {
          'Content-Type': multiplexed
            ? 'application/vnd.docker.multiplexed-stream'
            : 'application/vnd.docker.raw-stream',
        })
        for await (const chunk of readLogChunks(parts, container, query)) {
          const bytes = encoder.push(chunk)
          if (bytes.length > 0) await call.response.write(bytes)
        }
        const rest = encoder.flush()
        if (rest.length > 0) await call.response.write(rest)
        call.response.end()
      },
    },
  ]
}
