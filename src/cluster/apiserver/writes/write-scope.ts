/** What one write holds while it runs: what it took and gives back, and what strategies and admission are told of it. */
import type { AdmissionRequest } from '../admission/admission.ts'
import { requestPart } from '../admission/request-part.ts'
import type { ApiObject } from '../api-object.ts'
import { type ApiRequest, isDryRun } from '../api-request.ts'
import type { ServerParts } from '../server-parts.ts'
import type { StrategyContext } from '../strategies/strategy.ts'

/** Things to undo or release around one write. */
export class WriteScope implements AsyncDisposable {
  readonly #releases: (() => void)[] = []
  readonly #undos: (() => Promise<void> | void)[] = []
  succeeded = false

  defer(release: () => void): void {
    this.#releases.push(release)
  }

  onFailure(undo: () => Promise<void> | void): void {
    this.#undos.push(undo)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const release of this.#releases) release()
    if (!this.succeeded) for (const undo of this.#undos.toReversed()) await undo()
  }
}

/** What a strategy is told of the write. */
export function strategyContext(parts: ServerParts, request: ApiRequest, scope: WriteScope): StrategyContext {
  return {
    view: parts.view,
    user: request.user,
    dryRun: isDryRun(request),
    defer: (release) => scope.defer(release),
    warn: (text) => void request.warnings.push(text),
  }
}

interface Admitted {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly object: ApiObject | undefined
  readonly old: ApiObject | undefined
  readonly scope: WriteScope
}

/** What admission is told of the write. */
export function admissionRequest(
  parts: ServerParts,
  request: ApiRequest,
  { operation, object, old, scope }: Admitted,
): AdmissionRequest {
  return {
    ...requestPart(parts, request, operation),
    name: request.name === '' ? (object?.metadata.name ?? '') : request.name,
    object,
    old,
    onFailure: (undo) => scope.onFailure(undo),
  }
}
