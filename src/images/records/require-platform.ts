/** Holds a call to the platform that it names: an image here is of one platform only. */
import { GantryError } from '#base/errors/gantry-error.ts'
import { formatPlatform, parsePlatform, type Platform, platformMatches } from '#spec/oci/platform.ts'
import type { ImageRecord } from './record-types.ts'

/**
 * Checks an image against the platform of a call, `os/architecture[/variant]` or the JSON form that clients send since
 * API 1.46; '' takes any.
 * @throws GantryError not-found when the image is of another one, in dockerd's words; invalid for what is no platform.
 */
export function requirePlatform(image: ImageRecord, wanted: string, reference: string): void {
  if (wanted === '') return
  const platform = readPlatform(wanted)
  const { os, architecture, variant } = image.config
  const offered = { os, architecture, ...(variant === undefined ? {} : { variant }) }
  if (platformMatches(platform, offered)) return
  const said = wanted.startsWith('{') ? formatPlatform(platform) : wanted
  throw new GantryError(
    'IMAGE_PLATFORM_MISMATCH',
    'not-found',
    `image with reference ${reference} was found but does not match the specified platform: wanted ${said}, actual: ${os}/${architecture}`,
    { remedy: 'Pull the image for that platform.' },
  )
}

/** Reads a platform in either form. @throws GantryError invalid for what is none. */
export function readPlatform(text: string): Platform {
  if (!text.startsWith('{')) return parsePlatform(text)
  const fields = readFields(text)
  const part = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '')
  const variant = part('variant')
  return parsePlatform([part('os'), part('architecture'), ...(variant === '' ? [] : [variant])].join('/'))
}

function readFields(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new GantryError('IMAGE_PLATFORM_INVALID', 'invalid', 'failed to parse platform', {
      cause,
      remedy: 'Send {"os":"linux","architecture":"amd64"}.',
    })
  }
}
