/** Base images without a registry: what can be made and how it reports. */
import type { Digest } from '#base/data/digest.ts'

export interface BootstrapOptions {
  /** `busybox`, `alpine`, `debian`, `ubuntu`, `hello-world`, `node`, `node:7`, `node:4.4` … */
  readonly name: string
  /** Further references to give it. */
  readonly tags?: readonly string[]
  readonly onProgress?: (line: string) => void
  readonly signal?: AbortSignal
}

export interface BootstrapResult {
  readonly id: Digest
  readonly references: readonly string[]
}
