/** One controller among all: who it is and how it starts. */
import type { ControllerContext } from './controller-context.ts'

export interface ControllerRow {
  /** Service account in kube-system, with a bootstrap role of its own. */
  readonly account: string
  /** Name in events. */
  readonly component: string
  readonly start: (context: ControllerContext) => AsyncDisposable
}
