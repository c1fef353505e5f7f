/** The `--docker` flag of `context create` and `context update`: `host=…,ca=…,cert=…,key=…`. */
import { readGoBool } from '#base/data/go-bool.ts'
import { messageOf } from '#base/errors/gantry-error.ts'
import type { DockerEndpoint, TlsFiles } from '#cli/docker/context-store.ts'
import { normaliseHost } from '#cli/docker/endpoint.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import { keyValues } from './key-value-files.ts'
import { absolute, csvFields } from './mount-flag.ts'

/** The endpoint and its TLS files. Throws for keys that are none and files that cannot be read. */
export async function dockerEndpoint(
  session: Session,
  text: string,
): Promise<{ readonly endpoint: DockerEndpoint; readonly tls: TlsFiles; readonly from?: string }> {
  const fields = keyValues(csvFields(text))
  const known = ['host', 'ca', 'cert', 'key', 'skip-tls-verify', 'from']
  for (const key of Object.keys(fields))
    if (!known.includes(key)) throw failure(`unable to create docker endpoint config: unrecognized config key: ${key}`)
  if (fields['from'] !== undefined) return { endpoint: {}, tls: {}, from: fields['from'] }
  const tls: Record<string, string> = {}
  for (const [key, name] of [
    ['ca', 'ca.pem'],
    ['cert', 'cert.pem'],
    ['key', 'key.pem'],
  ] as const) {
    const path = fields[key]
    if (path === undefined || path === '') continue
    tls[`docker/${name}`] = await session.io.files
      .readText(absolute(session.io.cwd, path), { maxBytes: 1024 * 1024 })
      .catch((cause: unknown) => {
        throw failure(`unable to create docker endpoint config: ${messageOf(cause)}`, cause)
      })
  }
  const host = fields['host'] ?? ''
  return {
    endpoint: {
      ...(host === '' ? {} : { Host: normaliseHost(host, Object.keys(tls).length > 0) }),
      SkipTLSVerify: readGoBool(fields['skip-tls-verify'] ?? 'false') ?? false,
    },
    tls,
  }
}
