/** Files of containers over the Engine API: archive (docker cp), changes (diff), export. */
import { pipeline } from 'node:stream'
import type { Readable } from 'node:stream'
import { createDeflate, createGzip } from 'node:zlib'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { Container } from '#engine/containers/container-book.ts'
import type { EngineParts } from '#engine/containers/engine-parts.ts'
import {
  exportContainer,
  readContainerPath,
  statContainerPath,
  writeContainerPath,
} from '#engine/filesystem/copy-files.ts'
import type { PathOfContainer } from '#engine/filesystem/copy-files.ts'
import { encodePathStat } from '#engine/filesystem/stat-path.ts'
import { param } from './api-route.ts'
import type { ApiCall, ApiRoute } from './api-route.ts'

const statHeader = 'X-Docker-Container-Path-Stat'
const tarType = 'application/x-tar'

function readPath(call: ApiCall): PathOfContainer {
  const path = call.request.query.get('path') ?? ''
  if (path === '')
    throw new GantryError('ENGINE_PATH', 'invalid', 'bad parameter: path cannot be empty', {
      remedy: 'Give a path in the container.',
    })
  if (path.includes('\0'))
    throw new GantryError('ENGINE_PATH', 'invalid', 'bad parameter: path has a NUL in it', {
      remedy: 'Give a path in the container.',
    })
  return { path, container: param(call, 'id') }
}

/** The compression that the client asked for; the stock client asks for none on a local socket. */
function compress(
  call: ApiCall,
  tar: Readable,
): { readonly stream: Readable; readonly headers: Record<string, string> } {
  const accepted = String(call.request.headers['accept-encoding'] ?? '')
  const [encoding, packer] = accepted.includes('gzip')
    ? ['gzip', createGzip()]
    : accepted.includes('deflate')
      ? ['deflate', createDeflate()]
      : []
  if (encoding === undefined || packer === undefined) return { stream: tar, headers: {} }
  // A failure ends the packed stream with the same error: whoever reads it is told.
  pipeline(tar, packer, (error) => {
    if (error !== null && error !== undefined) packer.destroy(error)
  })
  return { stream: packer, headers: { 'Content-Encoding': encoding } }
}

async function sendTar(call: ApiCall, stream: Readable, headers: Record<string, string>): Promise<void> {
  call.response.start(200, { 'Content-Type': tarType, ...headers })
  for await (const chunk of stream) await call.response.write(chunk as Buffer)
  call.response.end()
}

async function handleGet(parts: EngineParts, container: Container, call: ApiCall): Promise<void> {
  await readContainerPath(parts, container, {
    ...readPath(call),
    signal: call.request.signal,
    send: (stat, tar) => {
      const { stream, headers } = compress(call, tar)
      return sendTar(call, stream, { ...headers, [statHeader]: encodePathStat(stat) })
    },
  })
}

async function handlePut(parts: EngineParts, container: Container, call: ApiCall): Promise<void> {
  const { query, body, signal } = call.request
  await writeContainerPath(parts, container, {
    at: readPath(call),
    source: body as AsyncIterable<Uint8Array>,
    options: { keepKinds: query.flag('noOverwriteDirNonDir'), asContainerUser: query.flag('copyUIDGID'), signal },
  })
  call.response.send(200)
}

/** The route table; `{id}` is a name, an id or the start of one. */
export function archiveRoutes(parts: EngineParts): ApiRoute[] {
  const containerOf = (call: ApiCall): Container => parts.book.resolve(param(call, 'id'))
  return [
    {
      method: 'HEAD',
      path: '/containers/{id}/archive',
      handler: async (call) => {
        const stat = await statContainerPath(parts, containerOf(call), readPath(call))
        call.response.send(200, undefined, { [statHeader]: encodePathStat(stat) })
      },
    },
    { method: 'GET', path: '/containers/{id}/archive', handler: (call) => handleGet(parts, containerOf(call), call) },
    { method: 'PUT', path: '/containers/{id}/archive', handler: (call) => handlePut(parts, containerOf(call), call) },
    {
      method: 'GET',
      path: '/containers/{id}/changes',
      handler: async (call) => {
        const { id } = containerOf(call)
        const known = parts.images.snapshots.get(id) !== undefined
        const changes = known ? await parts.images.snapshots.changes(id) : []
        call.response.json(200, changes.length === 0 ? null : changes)
      },
    },
    {
      method: 'GET',
      path: '/containers/{id}/export',
      handler: (call) =>
        exportContainer(parts, containerOf(call), {
          signal: call.request.signal,
          send: async (tar) => {
            call.response.start(200, { 'Content-Type': 'application/octet-stream' })
            for await (const chunk of tar) await call.response.write(chunk as Buffer)
            call.response.end()
          },
        }),
    },
  ]
}
