/** `remote=`: a context from a URL. A text is the Dockerfile, an archive is the context. */
import { messageOf } from '#base/errors/gantry-error.ts'
import { detectCompression, peekStream } from '#images/archive/decompress.ts'
import { dockerfileBytesMax } from '#spec/dockerfile/read-statements.ts'
import { invalidRequest } from '../errors.ts'
import type { FetchUrl } from '../ports.ts'
import { describeFetchError, describeStatus } from '../copying/fetch-errors.ts'
import { contextOfDockerfile, receiveContext } from './build-context.ts'
import type { BuildContext, ContextDeps } from './build-context.ts'

export interface RemoteOptions {
  readonly url: string
  readonly dockerfile: string
  readonly signal: AbortSignal
}

/** Fetches and opens a remote context. Throws `invalid` in Docker's words when it cannot. */
export async function openRemoteContext(
  deps: ContextDeps & { readonly fetchUrl: FetchUrl },
  options: RemoteOptions,
): Promise<BuildContext> {
  const { url, signal } = options
  if (/^(?:git:\/\/|git@|github\.com\/)/.test(url) || /^https?:\/\/.*\.git(?:#.+)?$/.test(url)) {
    throw invalidRequest(
      `unable to fetch ${url}: contexts from git repositories are not supported`,
      'Clone the repository and send the directory, or give the URL of a tarball.',
    )
  }
  if (!/^https?:\/\//.test(url)) throw invalidRequest(`remoteURL (${url}) could not be recognized as URL`)
  await using download = await deps.fetchUrl(url, signal).catch((error: unknown) => {
    throw invalidRequest(`error downloading remote context ${url}: ${describeFetchError(url, error)}`)
  })
  if (download.status >= 400)
    throw invalidRequest(`error downloading remote context ${url}: ${await describeStatus(url, download)}`)
  const { start, stream } = await peekStream(download.body, 512)
  if (isArchive(start)) return await receiveContext(deps, stream, { dockerfile: options.dockerfile, signal })
  const text = await readText(stream)
  return await contextOfDockerfile(deps, text)
}

function isArchive(start: Buffer): boolean {
  return (
    detectCompression(start) !== 'none' ||
    start.subarray(257, 262).toString('latin1') === 'ustar' ||
    start.subarray(0, 512).includes(0)
  )
}

async function readText(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of stream) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > dockerfileBytesMax) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw invalidRequest(`error downloading remote context: ${messageOf(error)}`)
  }
  if (sizeBytes > dockerfileBytesMax) throw invalidRequest(`the Dockerfile is larger than ${dockerfileBytesMax} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}
