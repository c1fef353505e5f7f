/** Platforms as images name them: `os/architecture[/variant]` (OCI image spec, image-index.md; Go's GOOS and GOARCH). */
import { GantryError } from '#base/errors/gantry-error.ts'

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
}

const aliases: Readonly<Record<string, readonly [string, string?]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  amd64: ['amd64'],
  aarch64: ['arm64'],
  arm64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  i386: ['386'],
  i686: ['386'],
}

const word = /^[A-Za-z0-9_-]+$/

/**
 * Reads `os`, `architecture`, `os/architecture` or `os/architecture/variant`; a lone word is an architecture when it is
 * a known one, else an operating system (then the architecture is `localArchitecture`).
 * Throws `invalid` with the wording of containerd's platform parser.
 */
export function parsePlatform(text: string, localArchitecture = 'amd64'): Platform {
  const parts = text.split('/')
  if (parts.length > 3 || parts.some((part) => !word.test(part))) {
    throw new GantryError(
      'IMAGE_PLATFORM_INVALID',
      'invalid',
      `invalid platform: "${text}": platform specifier component must match "^[A-Za-z0-9_.-]+(?:\\([A-Za-z0-9_.-]*\\))?$"`,
      {
        remedy: 'Write os/architecture, for instance linux/amd64.',
      },
    )
  }
  const [first = '', second, third] = parts.map((part) => part.toLowerCase())
  if (second === undefined) {
    return isArchitecture(first)
      ? normalizePlatform({ os: 'linux', architecture: first })
      : { os: first, architecture: localArchitecture }
  }
  return normalizePlatform({ os: first, architecture: second, ...(third === undefined ? {} : { variant: third }) })
}

/** The same platform with the usual names: `aarch64` is `arm64`, `arm64/v8` has no variant, 32-bit arm is v7. */
export function normalizePlatform(platform: Platform): Platform {
  const [architecture, variantOfAlias] = aliases[platform.architecture] ?? [platform.architecture]
  let variant = platform.variant === '' ? undefined : (platform.variant ?? variantOfAlias)
  if (architecture === 'arm64' && (variant === 'v8' || variant === '8')) variant = undefined
  if (architecture === 'arm') variant = variant === undefined ? 'v7' : variant.replace(/^(?=\d)/, 'v')
  if (architecture === 'amd64' && variant === 'v1') variant = undefined
  const { variant: _dropped, ...rest } = platform
  return { ...rest, architecture, ...(variant === undefined ? {} : { variant }) }
}

/** `linux/arm/v7`. */
export function formatPlatform(platform: Platform): string {
  const parts = [platform.os, platform.architecture]
  if (platform.variant !== undefined && platform.variant !== '') parts.push(platform.variant)
  return parts.join('/')
}

/** True when an image of platform `offered` runs where `wanted` is asked for (a 32-bit arm runs older variants too). */
export function platformMatches(wanted: Platform, offered: Platform): boolean {
  const a = normalizePlatform(wanted)
  const b = normalizePlatform(offered)
  if (a.os !== b.os || a.architecture !== b.architecture) return false
  if (a.architecture === 'arm') return (b.variant ?? 'v7') <= (a.variant ?? 'v7')
  return a.variant === undefined || b.variant === undefined ? true : a.variant === b.variant
}

const architectures = new Set([
  '386',
  'amd64',
  'arm',
  'arm64',
  'ppc64le',
  's390x',
  'riscv64',
  'mips64le',
  'loong64',
  'wasm',
])

function isArchitecture(text: string): boolean {
  return text in aliases || architectures.has(text)
}
