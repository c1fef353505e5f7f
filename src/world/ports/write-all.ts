/** Writing at a position, all of it. */
import type { OpenFile } from './files.ts'

/** Writes a whole chunk at a position, however often the kernel takes only a part of it. */
export async function writeAll(file: OpenFile, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength;) done += await file.write(chunk.subarray(done), position + done)
}
