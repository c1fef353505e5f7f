/** `logout`: forgets the credentials of a registry. */
import { bareHost, eraseCredentials, hubServer } from '#cli/docker/credentials.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { atMost } from '#cli/grammar/command.ts'

export const logout: Verb = {
  usage: '[SERVER]',
  flags: [],
  count: atMost(1),
  async run({ args, session }) {
    const [given = ''] = args
    const hub = given === '' || given === 'docker.io'
    const host = hub ? hubServer : bareHost(given)
    await session.print(`Removing login credentials for ${host}\n`)
    await eraseCredentials(
      session,
      hub ? [hubServer] : [host, `https://${host}`, `http://${host}`, `https://${host}/v1/`, `https://${host}/v2/`],
    )
  },
}
