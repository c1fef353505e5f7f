/** Where a server listens: a unix socket with its mode and group, or TCP, plain or TLS. */
import { connect, type Server } from 'node:net'
import process from 'node:process'
import { GantryError, errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import type { Files } from '#world/ports/files.ts'

/** Certificates as PEM text. */
export interface ServerTls {
  readonly certificate: string
  readonly key: string
  /** Authorities whose client certificates count. */
  readonly clientAuthorities?: string | readonly string[]
  /** Ask for a client certificate; `require` refuses connections without a good one. */
  readonly clientCertificate?: 'ask' | 'require'
  /** Offer HTTP/2 beside HTTP/1.1 (default true). */
  readonly http2?: boolean
}

export type ListenAddress =
  | { readonly unix: string; readonly mode?: number; readonly groupId?: number }
  | { readonly host: string; readonly port: number; readonly tls?: ServerTls }
  /** A socket already bound and listening (socket activation, another network namespace). */
  | { readonly fd: number; readonly tls?: ServerTls }

/** What a listener turned out to be. */
export type BoundAddress = { readonly unix: string } | { readonly host: string; readonly port: number }

/** Longest path of a unix socket on Linux (unix(7), sun_path without its NUL). */
const unixPathBytesMax = 107

/** Binds `server` at an address and resolves with where it is reachable; `release` removes what binding left on disk. */
export async function listenAt(
  server: Server,
  address: ListenAddress,
  files: Files | undefined,
): Promise<{ readonly bound: BoundAddress; release(): Promise<void> }> {
  if ('unix' in address) {
    if (files === undefined) throw new TypeError('listening on a unix socket needs the Files port')
    return listenUnix(server, address, files)
  }
  await listen(server, 'fd' in address ? { fd: address.fd } : { host: address.host, port: address.port, backlog: 4096 })
  const at = server.address()
  const bound = at === null || typeof at === 'string' ? { unix: at ?? '' } : { host: at.address, port: at.port }
  return { bound, release: () => Promise.resolve() }
}

async function listenUnix(
  server: Server,
  address: { readonly unix: string; readonly mode?: number; readonly groupId?: number },
  files: Files,
): Promise<{ readonly bound: BoundAddress; release(): Promise<void> }> {
  const path = address.unix
  if (Buffer.byteLength(path) > unixPathBytesMax) {
    throw new GantryError(
      'HTTP_ADDRESS_INVALID',
      'invalid',
      `unix socket path is longer than ${unixPathBytesMax} bytes: ${path}`,
      {
        remedy: 'Choose a shorter path, for instance with --root.',
      },
    )
  }
  await assertReplaceable(path, files)
  await files.remove(path, { force: true })
  // Nobody but us may connect until mode and group are right. The name that is bound is the final one: tools that look
  // for a socket's owner (ss, /proc/net/unix) go by it. Node binds within the call, so the mask is ours alone.
  const mask = process.umask(0o177)
  const listening = listen(server, { path, backlog: 4096 })
  process.umask(mask)
  await listening
  try {
    if (address.groupId !== undefined) {
      const { uid } = await files.lstat(path)
      await files.chown(path, uid, address.groupId)
    }
    await files.chmod(path, address.mode ?? 0o600)
  } catch (error) {
    server.close()
    throw error
  }
  const { ino, dev } = await files.lstat(path)
  return {
    bound: { unix: path },
    release: async () => {
      // Another server may have taken the name over in the meantime; only our own socket goes.
      const now = await files.lstat(path).catch(() => undefined)
      if (now !== undefined && now.ino === ino && now.dev === dev) await files.remove(path, { force: true })
    },
  }
}

/** Fails unless the path is free or holds a socket on which nobody listens. */
async function assertReplaceable(path: string, files: Files): Promise<void> {
  if (!(await files.exists(path))) return
  const { type } = await files.lstat(path)
  if (type !== 'socket') {
    throw new GantryError(
      'HTTP_ADDRESS_INVALID',
      'invalid',
      `cannot listen on ${path}: it exists and is not a socket`,
      {
        remedy: 'Move the file away or choose another path.',
      },
    )
  }
  if (await answers(path)) throw addressInUse(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    // EAGAIN means a full backlog: somebody listens and is busy.
    probe.once('error', (error) => resolve(errnoOf(error) !== 'ECONNREFUSED' && errnoOf(error) !== 'ENOENT'))
  })
}

function addressInUse(address: string, cause?: unknown): GantryError {
  return new GantryError('HTTP_ADDRESS_IN_USE', 'conflict', `cannot listen on ${address}: address already in use`, {
    cause,
    remedy: 'Stop the program that listens there or choose another address.',
  })
}

function listen(server: Server, at: Parameters<Server['listen']>[0] & object): Promise<void> {
  const name =
    'path' in at && at.path !== undefined ? at.path : 'fd' in at ? `fd ${String(at.fd)}` : `${at.host}:${at.port}`
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      server.off('listening', onListening)
      if (errnoOf(error) === 'EADDRINUSE') reject(addressInUse(name, error))
      else {
        reject(
          new GantryError('HTTP_ADDRESS_INVALID', 'invalid', `cannot listen on ${name}: ${messageOf(error)}`, {
            cause: error,
            remedy: 'Choose an address of this machine and a port that this user may use.',
          }),
        )
      }
    }
    const onListening = (): void => {
      server.off('error', onError)
      resolve()
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen(at)
  })
}
