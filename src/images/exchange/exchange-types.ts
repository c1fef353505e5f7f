/** What `docker load`, `save` and `import` tell while they work. */
import type { Digest } from '#base/data/digest.ts'
import type { ImageRunConfig } from '#spec/oci/image-config.ts'
import type { Platform } from '#spec/oci/platform.ts'

/** Progress of a load, in Docker's JSON-message terms. */
export interface LoadProgress {
  /** Twelve digits of the layer's id. */
  readonly layer: string
  readonly currentBytes: number
  /** Undefined when not known. */
  readonly totalBytes?: number
  readonly done: boolean
}

export interface LoadOptions {
  readonly onProgress?: (progress: LoadProgress) => void
  /** Only images of this platform of an index. */
  readonly platform?: Platform
  readonly signal?: AbortSignal
}

export interface LoadedImage {
  readonly id: Digest
  /** Familiar references that now point to it; empty when it came without a name. */
  readonly references: readonly string[]
  /** `Loaded image: busybox:latest` or `Loaded image ID: sha256:…`, one line each. */
  readonly messages: readonly string[]
}

export interface ImportOptions {
  /** Reference for the result, in any form. */
  readonly reference?: string
  readonly message?: string
  /** The run configuration after `--change` was applied. */
  readonly config?: ImageRunConfig
  readonly platform?: Platform
  readonly signal?: AbortSignal
}
