/**
 * The filesystem. Failures are system errors with an errno `code` (`errnoOf` reads it). Paths are absolute.
 * Paths that come from an image, an archive or a request never reach these functions joined to a root by string
 * work: resolve them with `Kernel.openInRoot` first.
 */
import type { Readable, Writable } from 'node:stream'

export type FileType = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket' | 'unknown'

export interface FileStat {
  readonly type: FileType
  /** Permission bits with set-id and sticky, no type bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly sizeBytes: number
  /** Milliseconds since 1970, with fractions. */
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly dev: number
  readonly ino: number
  readonly nlink: number
  /** Device number of a device node, as makedev packs it. */
  readonly rdev: number
  /** Disk space taken, in 512-byte blocks. */
  readonly blocks: number
}

export interface DirectoryEntry {
  readonly name: string
  readonly type: FileType
}

/** An open file. Positions are explicit; nothing seeks. */
export interface OpenFile extends AsyncDisposable {
  readonly fd: number
  /** Reads into `buffer` at `position` (null: the current one); 0 at the end. */
  read(buffer: Uint8Array, position: number | null): Promise<number>
  write(chunk: Uint8Array, position: number | null): Promise<number>
  stat(): Promise<FileStat>
  /** Makes the content durable. */
  sync(): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  close(): Promise<void>
}

export interface FileChange {
  /** Name within the watched directory. */
  readonly name: string
}

export interface Files {
  read(path: string, options?: { readonly maxBytes?: number }): Promise<Uint8Array>
  readText(path: string, options?: { readonly maxBytes?: number }): Promise<string>
  write(
    path: string,
    content: Uint8Array | string,
    options?: { readonly mode?: number; readonly exclusive?: boolean },
  ): Promise<void>
  append(path: string, content: Uint8Array | string): Promise<void>
  /** Replaces a file in one step: readers see the old or the new content; `durable` also survives a power cut. */
  replace(
    path: string,
    content: Uint8Array | string,
    options?: { readonly mode?: number; readonly durable?: boolean },
  ): Promise<void>
  open(path: string, flags: 'r' | 'r+' | 'w' | 'wx' | 'w+' | 'a', mode?: number): Promise<OpenFile>
  /** A stream of [start, end) of a file. */
  readStream(
    path: string,
    options?: { readonly start?: number; readonly end?: number; readonly chunkBytes?: number },
  ): Readable
  writeStream(path: string, options?: { readonly mode?: number; readonly exclusive?: boolean }): Writable
  makeDirectory(path: string, options?: { readonly recursive?: boolean; readonly mode?: number }): Promise<void>
  /** Removes a file, or a whole tree with `recursive`; a missing path is fine with `force`. */
  remove(path: string, options?: { readonly recursive?: boolean; readonly force?: boolean }): Promise<void>
  rename(from: string, to: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  readLink(path: string): Promise<string>
  realPath(path: string): Promise<string>
  stat(path: string): Promise<FileStat>
  lstat(path: string): Promise<FileStat>
  /** True when something is there (a dangling symlink counts). */
  exists(path: string): Promise<boolean>
  list(path: string): Promise<DirectoryEntry[]>
  chmod(path: string, mode: number): Promise<void>
  /** Changes the owner of the path itself, never of what a symlink points to. */
  chown(path: string, uid: number, gid: number): Promise<void>
  /** Sets the modification time of the path itself (milliseconds since 1970). */
  setTimes(path: string, mtimeMs: number): Promise<void>
  truncate(path: string, sizeBytes: number): Promise<void>
  /** Bytes free and in all on the filesystem of a path. */
  space(path: string): Promise<{ readonly freeBytes: number; readonly totalBytes: number; readonly type: number }>
  /** Writes to a fifo or other file without ever waiting for a reader; false when nobody reads. */
  writeFifo(path: string, content: string): Promise<boolean>
  /** Reports changes of a directory's entries until the signal aborts; may merge several into one. */
  watch(directory: string, signal: AbortSignal): AsyncIterable<FileChange>
  /** A fresh directory under the machine's temporary folder, removed with everything in it on disposal. */
  temporaryDirectory(prefix: string): Promise<{ readonly path: string } & AsyncDisposable>
}
