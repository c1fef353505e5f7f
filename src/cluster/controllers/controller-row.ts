/** One controller among all: who it is and how it starts. */
import type { ControllerContext } from './controller-context.ts'

/** Who a controller is at the API. */
export interface ControllerUser {
  readonly name: string
  readonly groups: readonly string[]
}

export interface ControllerRow {
  /** What it is switched on and off by, where its name in events does not say it. */
  readonly name?: string
  /** Service account in kube-system, with a bootstrap role of its own. */
  readonly account: string
  /** Name in events. */
  readonly component: string
  /** For the few that upstream runs in its API server: whom they act as in place of the account. */
  readonly user?: ControllerUser
  readonly start: (context: ControllerContext) => AsyncDisposable
}
