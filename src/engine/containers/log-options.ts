/** Log drivers and the options each of them takes (Docker `daemon/logger`). Pure. */

const common = ['mode', 'max-buffer-size']
const attributes = ['labels', 'labels-regex', 'env', 'env-regex', 'tag']

const optionsByDriver: Readonly<Record<string, readonly string[]>> = {
  'json-file': ['max-size', 'max-file', 'compress', ...attributes],
  local: ['max-size', 'max-file', 'compress'],
  none: [],
}

/** True for a driver that the engine has. */
export function isLogDriver(name: string): boolean {
  return Object.hasOwn(optionsByDriver, name)
}

/** Names of all drivers, as `docker info` lists them. */
export const logDrivers: readonly string[] = Object.keys(optionsByDriver)

/** The complaint about the first option that the driver does not take; undefined when all are fine. */
export function unknownLogOption(driver: string, options: Readonly<Record<string, string>>): string | undefined {
  const known = optionsByDriver[driver] ?? []
  const unknown = Object.keys(options).find((key) => !known.includes(key) && !common.includes(key))
  if (unknown !== undefined) return `unknown log opt '${unknown}' for ${driver} log driver`
  const mode = options['mode']
  if (mode !== undefined && mode !== '' && mode !== 'blocking' && mode !== 'non-blocking')
    return `logger: logging mode not supported: ${mode}`
  if (options['max-size'] !== undefined && logSizeBytes(options['max-size']) === undefined)
    return `failed to initialize logging driver: invalid size: '${options['max-size']}'`
  if (options['max-file'] !== undefined && !/^[1-9]\d*$/.test(options['max-file']))
    return 'max-file cannot be less than 1'
  return undefined
}

/** `10m` as bytes; -1 is unlimited; undefined when it is no size. */
export function logSizeBytes(text: string): number | undefined {
  if (text === '-1') return Infinity
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  if (match === null) return undefined
  const power = ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase())
  return Math.floor(Number(match[1]) * 1024 ** power)
}
