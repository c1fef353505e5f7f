/** `login`: keeps the credentials of a registry after the engine has tried them. */
import { messageOf } from '#base/errors/gantry-error.ts'
import type { AuthConfig } from '#cli/docker/credentials.ts'
import { bareHost, hubServer, readCredentials, storeCredentials } from '#cli/docker/credentials.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Session } from '#cli/docker/session.ts'
import type { Call, Verb } from '#cli/grammar/command.ts'
import { atMost } from '#cli/grammar/command.ts'
import type { Flags } from '#cli/grammar/flags.ts'

export const login: Verb = {
  usage: '[OPTIONS] [SERVER]',
  flags: [
    { name: 'password', short: 'p', kind: 'string', help: 'Password or access token' },
    { name: 'password-stdin', kind: 'bool', help: 'Read the password from STDIN' },
    { name: 'username', short: 'u', kind: 'string', help: 'User name' },
  ],
  count: atMost(1),
  run: logIn,
}

async function logIn({ flags, args, session }: Call): Promise<void> {
  const [given = ''] = args
  const server = ['', 'docker.io', 'index.docker.io'].includes(given) ? hubServer : bareHost(given)
  checkPasswordFlags(flags)
  if (flags.has('password'))
    await session.warn('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n')
  const auth = await credentials(session, server, {
    username: flags.text('username'),
    password: flags.bool('password-stdin') ? await readPassword(session) : flags.text('password'),
  })
  const client = await session.client()
  const { Status: status = '', IdentityToken: token = '' } = await client.json<{
    readonly Status?: string
    readonly IdentityToken?: string
  }>('POST', '/auth', { json: auth })
  const kept = token === '' ? auth : { ...auth, identitytoken: token }
  const path = await storeCredentials(session, kept).catch((error: unknown) => {
    throw failure(`Error saving credentials: ${messageOf(error)}`, error)
  })
  if (path !== undefined)
    await session.warn(
      `\nWARNING! Your credentials are stored unencrypted in '${path}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
    )
  if (status !== '') await session.print(`${status}\n`)
}

function checkPasswordFlags(flags: Flags): void {
  if (flags.has('password') && flags.bool('password-stdin'))
    throw failure('--password and --password-stdin are mutually exclusive')
  if (flags.bool('password-stdin') && flags.text('username') === '')
    throw failure('Must provide --username with --password-stdin')
  if (flags.has('password') && flags.text('password') === '') throw failure('password is empty')
}

async function readPassword(session: Session): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of session.io.terminal.stdin) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
    .toString()
    .replace(/[\r\n]+$/, '')
}

async function credentials(
  session: Session,
  server: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<AuthConfig> {
  if (username !== '' && password !== '') return { username, password, serveraddress: server }
  const stored = await readCredentials(session, server)
  if (username === '' && (stored.password ?? stored.identitytoken ?? '') !== '')
    return { ...stored, serveraddress: server }
  if (!session.io.terminal.stdinIsTerminal)
    throw failure('Error: Cannot perform an interactive login from a non TTY device')
  const name = username || (await ask(session, stored.username ?? ''))
  if (name === '') throw failure('Error: Non-null Username Required')
  return { username: name, password: password || (await askSecret(session)), serveraddress: server }
}

async function askSecret(session: Session): Promise<string> {
  const secret = (await session.io.terminal.readSecret('Password: ')) ?? ''
  if (secret === '') throw failure('Error: Password Required')
  return secret
}

async function ask(session: Session, fallback: string): Promise<string> {
  await session.print(fallback === '' ? 'Username: ' : `Username (${fallback}): `)
  for await (const chunk of session.io.terminal.stdin) return String(chunk).trim() || fallback
  return fallback
}
