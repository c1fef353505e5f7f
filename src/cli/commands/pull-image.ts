/** Pulls an image with progress; shared by `pull`, `run`, `create` and builds of names. */
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { encodeAuth, readCredentials, serverKey } from '#cli/docker/credentials.ts'
import type { ProgressMessage } from '#cli/docker/progress.ts'
import { showProgress } from '#cli/docker/progress.ts'
import type { Reference } from '#cli/docker/references.ts'
import { fullName } from '#cli/docker/references.ts'
import type { Session } from '#cli/docker/session.ts'

export interface PullOptions {
  readonly quiet?: boolean
  readonly platform?: string
  readonly allTags?: boolean
  /** Where progress goes; default standard output. */
  readonly toStderr?: boolean
}

/** Pulls a reference, `latest` when it has no tag. */
export async function pullImage(
  session: Session,
  client: EngineClient,
  request: { readonly reference: Reference; readonly options: PullOptions },
): Promise<void> {
  const { reference, options } = request
  const auth = await readCredentials(session, serverKey(reference.domain))
  const tag = options.allTags === true ? '' : (reference.digest ?? reference.tag ?? 'latest')
  const messages = client.messages<ProgressMessage>('POST', '/images/create', {
    query: {
      fromImage: fullName(reference),
      tag: tag === '' ? undefined : tag,
      platform: options.platform === '' ? undefined : options.platform?.toLowerCase(),
    },
    headers: { 'X-Registry-Auth': encodeAuth(auth) },
  })
  if (options.quiet === true) {
    await showProgress(session, messages, { print: () => Promise.resolve() })
    return
  }
  const { terminal } = session.io
  await showProgress(
    session,
    messages,
    options.toStderr === true ? { print: (text) => session.warn(text), terminal: terminal.stderrIsTerminal } : {},
  )
}
