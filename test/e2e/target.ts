/**
 * The engine under test, from outside: GANTRY_E2E_TARGET (or DOCKER_HOST) names its socket; the same suites run against
 * Debian's dockerd, where GANTRY_E2E_REFERENCE=1 tells that it is one. The engine belongs to the tests: suites remove
 * every container they find in it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const target: string = process.env['GANTRY_E2E_TARGET'] ?? process.env['DOCKER_HOST'] ?? ''
if (!target.startsWith('unix:///'))
  throw new Error('GANTRY_E2E_TARGET must name the socket of an engine that tests may use: unix:///…')

export const socketPath: string = target.slice('unix://'.length)
/** True on Debian's dockerd: tests of Gantry's own do not apply. */
export const isReference: boolean = process.env['GANTRY_E2E_REFERENCE'] === '1'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Both, as a person sees them. */
  readonly text: string
}

/** Environment of clients: the target and nothing of the machine's own docker configuration. */
export function clientEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { DOCKER_CONTEXT: _context, ...env } = process.env
  return {
    ...env,
    DOCKER_HOST: target,
    DOCKER_BUILDKIT: '0',
    COMPOSE_DOCKER_CLI_BUILD: '0',
    DOCKER_CLI_HINTS: 'false',
    LC_ALL: 'C.UTF-8',
    ...extra,
  }
}

/** What takes this long hangs; a bound, and no budget. */
const hangsAfterMs = 240_000

/** Runs a program to its end. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; input?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Outcome {
  const result = spawnSync(file, args, {
    cwd: options.cwd,
    input: options.input ?? '',
    env: clientEnv(options.env),
    encoding: 'utf8',
    timeout: options.timeoutMs ?? hangsAfterMs,
    maxBuffer: 64 * 1024 * 1024,
  })
  const stderr = `${result.stderr}${result.error === undefined ? '' : result.error.message}`
  return { code: result.status, stdout: result.stdout, stderr, text: `${result.stdout}${stderr}` }
}

/** The stock client. */
export function docker(...args: string[]): Outcome {
  return run('docker', args)
}

/** Lines of bash, in a folder of their own. */
export function bash(script: string, options: { cwd?: string; timeoutMs?: number } = {}): Outcome {
  return run('bash', ['-c', `set -o pipefail\n${script}`], options)
}

/** A folder that goes with the disposal. */
export function scratch(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'gantry-e2e-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Removes every container, and the networks and volumes that no predefined name has. */
export function clear(): void {
  bash(
    'docker ps -aq | xargs -r docker rm -fv; docker network ls -qf type=custom | xargs -r docker network rm; docker volume ls -q | xargs -r docker volume rm',
  )
}

/** Why a test of containers made of this image cannot run, or false. */
export function lacksImage(reference: string): string | false {
  return docker('image', 'inspect', reference).code === 0
    ? false
    : `the engine has no image ${reference}, and it could not be made here`
}

/** Why a test that needs a program cannot run, or false. */
export function lacksProgram(name: string): string | false {
  return run('sh', ['-c', `command -v ${name}`]).code === 0 ? false : `${name} is not installed`
}
