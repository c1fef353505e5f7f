/**
 * What the builder needs from the rest of the program. `roles/engine/engine.ts` supplies it; `image-store.ts` here adapts the
 * image store, the engine adapts its containers.
 */
import type { Digest } from '#base/data/digest.ts'
import type { ImageConfig, ImageRunConfig } from '#spec/oci/image-config.ts'

/** An image as far as a build cares. */
export interface BuildImage {
  readonly id: Digest
  readonly config: ImageConfig
  readonly parent: Digest | undefined
}

/** A line of the build's output, as the Engine API's stream carries it. */
export interface BuildMessage {
  readonly stream?: string
  readonly status?: string
  readonly id?: string
  readonly progress?: string
  readonly progressDetail?: object
  readonly aux?: object
}

/** Credentials of registries by host, as `X-Registry-Config` gives them. */
export type RegistryCredentials = Readonly<Record<string, object>>

export interface ObtainOptions {
  /** Ask the registry even when the image is here. */
  readonly pull: boolean
  /** `os/arch[/variant]`, empty for this machine's. */
  readonly platform: string
  readonly credentials: RegistryCredentials
  readonly onProgress: (message: BuildMessage) => Promise<void>
  readonly signal: AbortSignal
}

export interface NewImage {
  readonly config: ImageConfig
  /** Recorded for the cache and for `docker images -a`; undefined for the first layer on scratch. */
  readonly parent: Digest | undefined
  readonly containerId: string | undefined
}

/** A filesystem being written; disposing it before `commit` drops what was written. */
export interface LayerDraft extends AsyncDisposable {
  /** The image's files, mounted, with writes going to the draft. Nobody else writes here. */
  readonly path: string
  /** Makes a layer of what was written; undefined when nothing was. The mount is gone afterwards. */
  commit(signal: AbortSignal): Promise<Digest | undefined>
}

/** Images for one build. What is made through it is kept from garbage collection until it is disposed. */
export interface BuildImages extends Disposable {
  /** An image that is here, by reference or id; undefined when there is none. */
  find(reference: string): BuildImage | undefined
  /** The image, pulled when it is missing or `pull` is set. Throws what the client shall read. */
  obtain(reference: string, options: ObtainOptions): Promise<BuildImage>
  /** Images built on a parent (undefined: on scratch), newest first. */
  children(parent: Digest | undefined): readonly BuildImage[]
  /** Keeps a layer that something else stored, until this is disposed. */
  hold(layer: Digest): void
  create(image: NewImage): Promise<BuildImage>
  /** Points a complete reference at an image. */
  tag(id: Digest, reference: string): Promise<void>
  /** An image's files, read-only, until disposed. */
  view(image: BuildImage): Promise<{ readonly path: string } & AsyncDisposable>
  /** A writable copy of an image's files; undefined: an empty one. */
  draft(image: BuildImage | undefined): Promise<LayerDraft>
}

export interface BuildImageStore {
  /** Opens the images for one build. */
  open(purpose: string): BuildImages
  /** Removes drafts that an earlier program left. Called once, before the first build. */
  sweep(): Promise<void>
}

export interface Ulimit {
  readonly Name: string
  readonly Soft: number
  readonly Hard: number
}

/** Limits and surroundings of RUN containers, from the request. */
export interface StepSurroundings {
  readonly networkMode: string
  readonly extraHosts: readonly string[]
  readonly shmSizeBytes: number
  readonly memoryBytes: number
  /** -1: unlimited. */
  readonly memorySwapBytes: number
  readonly cpuShares: number
  readonly cpuPeriodUs: number
  readonly cpuQuotaUs: number
  readonly cpusetCpus: string
  readonly cpusetMems: string
  readonly cgroupParent: string
  readonly ulimits: readonly Ulimit[]
}

export interface StepContainer {
  /** Undefined: on scratch, an empty filesystem. */
  readonly image: BuildImage | undefined
  /** Complete: nothing is to be merged in from the image. Volumes are anonymous and go with the container. */
  readonly config: ImageRunConfig
  readonly surroundings: StepSurroundings
  /** Nobody wants it after the step: whoever runs it may take it away when the build was cut off. */
  readonly temporary?: boolean
}

export type OutputStream = 'stdout' | 'stderr'

export interface CommitStepOptions {
  readonly onStored: (layer: Digest) => void
  readonly signal: AbortSignal
}

/** Containers for RUN steps. They show in `docker ps -a` while they exist. */
export interface BuildContainers {
  /** Creates a container and gives its id (64 hex digits). */
  create(container: StepContainer): Promise<string>
  /** Starts it and resolves with its exit code when it ended and all its output was handed over. Aborting kills it. */
  run(
    id: string,
    onOutput: (stream: OutputStream, chunk: Uint8Array) => Promise<void>,
    signal: AbortSignal,
  ): Promise<number>
  /**
   * Makes a layer of what it wrote (volumes and mount points left out); undefined when it wrote nothing. `onStored` is
   * told of the layer before garbage collection could see it.
   */
  commit(id: string, options: CommitStepOptions): Promise<Digest | undefined>
  /** Removes it with its anonymous volumes; a missing one is fine. */
  remove(id: string): Promise<void>
}

export interface Download extends AsyncDisposable {
  readonly status: number
  readonly reason: string
  /** Header value by lower-case name. */
  header(name: string): string | undefined
  readonly body: AsyncIterable<Uint8Array>
}

/** Fetches a URL (http, https), following redirects. Throws system errors and `GantryError`s of the connection. */
export type FetchUrl = (url: string, signal: AbortSignal) => Promise<Download>
