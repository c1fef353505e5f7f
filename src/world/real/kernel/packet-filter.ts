/** nftables through libnftables: commands as text, one transaction each, errors in nft's own words. */
import koffi from 'koffi'
import type { LibraryHandle } from 'koffi'
import { GantryError } from '#base/errors/gantry-error.ts'
import type { PacketFilter } from '#world/ports/kernel.ts'
import type { Libc } from './libc.ts'
import { inNetworkNamespace } from './thread-namespace.ts'

const jsonOutput = 1 << 4

interface Nftables {
  contextNew(flags: number): unknown
  contextFree(context: unknown): void
  bufferOutput(context: unknown): number
  bufferError(context: unknown): number
  output(context: unknown): string | null
  error(context: unknown): string | null
  outputFlags(context: unknown, flags: number): void
  run(context: unknown, commands: string): number
}

/** Throws a GantryError naming the Debian package when the library is absent. */
function loadNftables(): Nftables {
  let library: LibraryHandle
  try {
    library = koffi.load('libnftables.so.1')
  } catch (cause) {
    throw new GantryError(
      'KERNEL_NFTABLES_MISSING',
      'not-implemented',
      'the nftables library (libnftables.so.1) is not installed',
      {
        cause,
        remedy: 'Install the package libnftables1 (or nftables).',
      },
    )
  }
  return {
    contextNew: library.func('void *nft_ctx_new(uint32_t flags)'),
    contextFree: library.func('void nft_ctx_free(void *ctx)'),
    bufferOutput: library.func('int nft_ctx_buffer_output(void *ctx)'),
    bufferError: library.func('int nft_ctx_buffer_error(void *ctx)'),
    output: library.func('const char *nft_ctx_get_output_buffer(void *ctx)'),
    error: library.func('const char *nft_ctx_get_error_buffer(void *ctx)'),
    outputFlags: library.func('void nft_ctx_output_set_flags(void *ctx, uint flags)'),
    run: library.func('int nft_run_cmd_from_buffer(void *ctx, const char *buf)'),
  }
}

/** One use of a context; it belongs to the namespace in which it was made and is freed before the return. */
function runOnce(nft: Nftables, commands: string, flags: number): string {
  const context = nft.contextNew(0)
  if (context === null)
    throw new GantryError('KERNEL_NFTABLES_MISSING', 'not-implemented', 'this kernel has no nftables', {
      remedy: 'Load the module nf_tables.',
    })
  try {
    nft.bufferOutput(context)
    nft.bufferError(context)
    nft.outputFlags(context, flags)
    if (nft.run(context, commands) === 0) return nft.output(context) ?? ''
    const text = (nft.error(context) ?? '').trim()
    throw Object.assign(new Error(`nft: ${text === '' ? 'command failed' : text}`), { code: codeOf(text) })
  } finally {
    nft.contextFree(context)
  }
}

/** nft ends its first line with the kernel's words for the errno. */
function codeOf(text: string): string {
  if (text.includes('No such file or directory')) return 'ENOENT'
  if (text.includes('File exists')) return 'EEXIST'
  if (text.includes('Operation not permitted')) return 'EPERM'
  if (text.includes('Device or resource busy')) return 'EBUSY'
  return text.includes('Operation not supported') ? 'EOPNOTSUPP' : 'EINVAL'
}

/** The PacketFilter of the running kernel; the library is loaded at the first use. */
export function createPacketFilter(libc: Libc): PacketFilter {
  let loaded: Nftables | undefined
  const run = (commands: string, flags: number, netns: string | undefined): string => {
    const nft = (loaded ??= loadNftables())
    return netns === undefined
      ? runOnce(nft, commands, flags)
      : inNetworkNamespace(libc, netns, () => runOnce(nft, commands, flags))
  }
  return {
    apply: (commands, netns) => void run(commands, 0, netns),
    list: (command, netns) => JSON.parse(run(command, jsonOutput, netns)) as unknown,
  }
}
