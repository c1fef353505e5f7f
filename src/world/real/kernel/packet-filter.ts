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

/** A context that keeps what it prints. It belongs to the namespace in which it is made. */
function openContext(nft: Nftables): unknown {
  const context = nft.contextNew(0)
  if (context === null)
    throw new GantryError('KERNEL_NFTABLES_MISSING', 'not-implemented', 'this kernel has no nftables', {
      remedy: 'Load the module nf_tables.',
    })
  nft.bufferOutput(context)
  nft.bufferError(context)
  return context
}

/** Whoever else changes the rules meanwhile interrupts us (another engine, docker, a firewall): nothing was changed. */
const interruptionsMax = 50

function runIn(nft: Nftables, context: unknown, { commands, flags }: { commands: string; flags: number }): string {
  nft.outputFlags(context, flags)
  let text = ''
  for (let attempt = 0; attempt < interruptionsMax; attempt += 1) {
    if (nft.run(context, commands) === 0) return nft.output(context) ?? ''
    text = (nft.error(context) ?? '').trim()
    if (!/Interrupted system call/.test(text)) break
  }
  throw Object.assign(new Error(`nft: ${text === '' ? 'command failed' : text}`), { code: codeOf(text) })
}

/** In a namespace of others the context ends with its use: open, it would keep the namespace alive. */
function runOnce(nft: Nftables, work: { commands: string; flags: number }): string {
  const context = openContext(nft)
  try {
    return runIn(nft, context, work)
  } finally {
    nft.contextFree(context)
  }
}

/** Runs commands in the thread's current namespace with a context of their own, for a try. */
export function tryNftables(commands: string): void {
  runOnce(loadNftables(), { commands, flags: 0 })
}

/** nft ends its first line with the kernel's words for the errno. */
function codeOf(text: string): string {
  if (text.includes('No such file or directory')) return 'ENOENT'
  if (text.includes('File exists')) return 'EEXIST'
  if (text.includes('Operation not permitted')) return 'EPERM'
  if (text.includes('Device or resource busy')) return 'EBUSY'
  return text.includes('Operation not supported') ? 'EOPNOTSUPP' : 'EINVAL'
}

/**
 * The PacketFilter of the running kernel; the library is loaded at the first use. The context of our own namespace
 * stays open: closing one makes the kernel wait for everything deleted meanwhile to be freed, about ten milliseconds.
 */
export function createPacketFilter(libc: Libc): PacketFilter {
  let loaded: Nftables | undefined
  let own: unknown
  const run = (commands: string, flags: number, netns: string | undefined): string => {
    const nft = (loaded ??= loadNftables())
    if (netns !== undefined) return inNetworkNamespace(libc, netns, () => runOnce(nft, { commands, flags }))
    own ??= openContext(nft)
    return runIn(nft, own, { commands, flags })
  }
  return {
    apply: (commands, netns) => void run(commands, 0, netns),
    list: (command, netns) => JSON.parse(run(command, jsonOutput, netns)) as unknown,
  }
}
