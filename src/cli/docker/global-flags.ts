/** The flags that stand before the verb. */
import type { FlagSpec } from '#cli/grammar/flag-types.ts'
import type { Flags } from '#cli/grammar/flags.ts'
import type { GlobalOptions } from './endpoint.ts'

export const globalFlags: readonly FlagSpec[] = [
  { name: 'config', kind: 'string', help: 'Folder of the client configuration (default ~/.docker)' },
  {
    name: 'context',
    short: 'c',
    kind: 'string',
    help: 'Context whose engine to use; beats DOCKER_HOST and the current context',
  },
  { name: 'debug', short: 'D', kind: 'bool', help: 'Say more about what is done' },
  { name: 'host', short: 'H', kind: 'list', help: 'Address of the engine' },
  {
    name: 'log-level',
    short: 'l',
    kind: 'string',
    default: 'info',
    help: 'Least severe message to log: debug, info, warn, error, fatal',
  },
  { name: 'tls', kind: 'bool', help: 'Speak TLS; --tlsverify implies it' },
  {
    name: 'tlscacert',
    kind: 'string',
    help: "Authority that must have signed the engine's certificate (default ~/.docker/ca.pem)",
  },
  { name: 'tlscert', kind: 'string', help: 'Client certificate (default ~/.docker/cert.pem)' },
  { name: 'tlskey', kind: 'string', help: 'Key of the client certificate (default ~/.docker/key.pem)' },
  { name: 'tlsverify', kind: 'bool', help: "Speak TLS and check the engine's certificate" },
  { name: 'version', short: 'v', kind: 'bool', help: 'Print the version and end' },
]

/** The global options of parsed flags. */
export function readGlobalOptions(flags: Flags): GlobalOptions {
  return {
    hosts: flags.list('host'),
    context: flags.text('context'),
    config: flags.text('config'),
    tls: flags.bool('tls'),
    tlsVerify: flags.bool('tlsverify'),
    tlsCa: flags.text('tlscacert'),
    tlsCert: flags.text('tlscert'),
    tlsKey: flags.text('tlskey'),
    debug: flags.bool('debug'),
  }
}
