/** The platform of a command as the daemon takes it since API 1.46: JSON of the OCI fields. */
import { parsePlatform } from '#spec/oci/platform.ts'

/** @throws GantryError invalid, as containerd words it, for what is no platform. */
export function platformQuery(text: string): string | undefined {
  if (text === '') return undefined
  const { os, architecture, variant } = parsePlatform(text)
  return JSON.stringify({ os, architecture, ...(variant === undefined ? {} : { variant }) })
}
