/** Failed downloads in the words of Docker, which are those of Go's HTTP client. */
import { errnoOf, messageOf } from '#base/errors/gantry-error.ts'
import { goQuote } from '#base/data/go-quote.ts'
import type { Download } from '../ports.ts'

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
}

/** `Get "url": dial tcp host:port: connect: connection refused`. */
export function describeFetchError(url: string, error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const word = words[errnoOf(error) ?? errnoOf(cause) ?? '']
  if (word === undefined || !URL.canParse(url)) return `Get ${goQuote(url)}: ${messageOf(error)}`
  const { hostname, port, protocol } = new URL(url)
  return `Get ${goQuote(url)}: dial tcp ${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}: ${word}`
}

/** `failed to GET url with status 404 Not Found: body`. */
export async function describeStatus(url: string, download: Download): Promise<string> {
  let body = ''
  for await (const chunk of download.body) {
    body += Buffer.from(chunk).toString('utf8')
    if (body.length > 1024) break
  }
  return `failed to GET ${url} with status ${download.status} ${download.reason}: ${body.slice(0, 1024)}`
}
