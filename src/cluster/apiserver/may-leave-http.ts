/** Which requests may take their connection out of HTTP: exec, attach, port-forward and upgrades that are passed on. */
import type { MayHijack } from '#kit/http/http1-parser.ts'

/** For kit/http: upgrades below the API's own paths; of HTTP/2 in the clear there is none. */
export const mayLeaveHttp: MayHijack = (_method, target, { upgrade }) =>
  upgrade !== undefined && upgrade.toLowerCase() !== 'h2c' && target.startsWith('/api')
