/** Exec over the Engine API: create, start (attached or not), resize, inspect. */
import type { Duplex } from 'node:stream'
import { messageOf } from '#base/errors/gantry-error.ts'
import { hijackDocker } from '#kit/http/hijack.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import type { Exec, Execs } from '#engine/exec/execs.ts'
import { readExecConfig } from '#engine/exec/plan-exec.ts'
import type { ExecBody } from '#engine/exec/plan-exec.ts'
import { param, readBodyObject } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'
import { pumpInput } from './attach-routes.ts'
import { createSocketSink, frame, streamContentType } from './stream-frames.ts'

interface ExecStartBody {
  readonly Detach?: boolean
  readonly Tty?: boolean
  readonly ConsoleSize?: readonly [number, number] | null
}

interface ExecSession {
  readonly execs: Execs
  readonly exec: Exec
  readonly socket: Duplex
  readonly size: readonly [number, number] | undefined
}

/** Runs an exec over a client's connection; a failure to start is written into the stream, which has begun by then. */
async function serveExec({ execs, exec, socket, size }: ExecSession): Promise<void> {
  const { config } = exec
  socket.on('error', () => socket.destroy())
  const sink = createSocketSink(socket, {
    stdout: config.attachStdout,
    stderr: config.attachStderr,
    raw: config.tty,
  })
  // The client asks for the exit code as soon as the stream ends, so it ends when that is known.
  exec.broker.addSink({ ...sink, end: () => undefined })
  if (config.attachStdin) {
    const options = {
      broker: exec.broker,
      detachKeys: exec.detachKeys,
      closesStdin: true,
      terminal: config.tty,
      onDetach: () => socket.end(),
    }
    void pumpInput(socket, options).catch(() => socket.destroy())
  } else {
    socket.resume()
  }
  try {
    await execs.start(exec, size)
    await exec.ended
    socket.end()
  } catch (error) {
    const text = Buffer.from(`${messageOf(error)}\r\n`)
    socket.end(config.tty ? text : frame('stdout', text))
  }
}

async function handleStart(execs: Execs, call: ApiCall): Promise<void> {
  const exec = execs.resolve(param(call, 'id'))
  const body = await readBodyObject<ExecStartBody>(call)
  const size = body.ConsoleSize ?? undefined
  if (body.Detach === true) {
    await execs.start(exec, size)
    call.response.send(200)
    return
  }
  if (exec.status !== 'created') await execs.start(exec, size)
  const upgraded = (call.request.upgrade ?? '') !== ''
  const contentType = streamContentType(exec.config.tty, call.version.minor, upgraded)
  await serveExec({ execs, exec, size, socket: hijackDocker(call.request, call.response, { contentType }) })
}

export function execRoutes(parts: EngineParts, execs: Execs): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/containers/{id}/exec',
      handler: async (call) => {
        const name = param(call, 'id')
        const container = parts.book.resolve(name)
        const exec = execs.create(container, name, readExecConfig(await readBodyObject<ExecBody>(call)))
        call.response.json(201, { Id: exec.id })
      },
    },
    { method: 'POST', path: '/exec/{id}/start', handler: (call) => handleStart(execs, call) },
    {
      method: 'POST',
      path: '/exec/{id}/resize',
      handler: async (call) => {
        const exec = execs.resolve(param(call, 'id'))
        await execs.resize(exec, {
          height: call.request.query.integer('h', 0),
          width: call.request.query.integer('w', 0),
        })
        call.response.send(exec.status === 'running' ? 200 : 201)
      },
    },
    {
      method: 'GET',
      path: '/exec/{id}/json',
      handler: (call) => {
        call.response.json(200, execs.view(execs.resolve(param(call, 'id'))))
      },
    },
  ]
}
