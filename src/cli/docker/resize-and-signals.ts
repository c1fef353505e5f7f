/** While a container runs in the foreground: its terminal follows the window, and signals sent to us reach it. */
import type { EngineClient } from '#clients/docker/engine-client.ts'
import { pathOf } from '#clients/docker/engine-client.ts'
import type { Session } from './session.ts'

/** Sets the size now and on each change of the window, until disposed. `path` is the container's or exec's. */
export function followWindow(session: Session, client: EngineClient, path: string): Disposable {
  const { terminal, clock } = session.io
  const send = async (): Promise<void> => {
    const size = terminal.size()
    if (size === undefined || size.rows === 0 || size.columns === 0) return
    await client.text('POST', `${path}/resize`, { query: { h: size.rows, w: size.columns } })
  }
  const first = async (): Promise<void> => {
    // The process may not be there yet when its terminal is first sized.
    for (let attempt = 0; attempt < 10; attempt += 1) {
      try {
        await send()
        return
      } catch {
        await clock.sleep(10 * (attempt + 1))
      }
    }
  }
  void first()
  return terminal.onResize(() => void send().catch(() => undefined))
}

const proxied = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTERM',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGCONT',
  'SIGALRM',
  'SIGVTALRM',
  'SIGWINCH',
  'SIGPWR',
  'SIGXCPU',
  'SIGXFSZ',
]

/** As followWindow, for a session whose output goes to the terminal; nothing to follow elsewhere. */
export function followOutput(session: Session, client: EngineClient, path: string): Disposable | undefined {
  return session.io.terminal.stdoutIsTerminal ? followWindow(session, client, path) : undefined
}

/** Sends signals on to a container until disposed. */
export function proxySignals(session: Session, client: EngineClient, container: string): Disposable {
  return session.io.terminal.onSignal(proxied, (signal) => {
    void client
      .text('POST', `/containers${pathOf(container)}/kill`, { query: { signal: signal.replace(/^SIG/, '') } })
      .catch(() => undefined)
  })
}
