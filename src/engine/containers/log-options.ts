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

/** The complaint about the first option that the driver does not take; undefined when all are. Their values count at the start. */
export function unknownLogOption(driver: string, options: Readonly<Record<string, string>>): string | undefined {
  const known = optionsByDriver[driver] ?? []
  const unknown = Object.keys(options).find((key) => !known.includes(key) && !common.includes(key))
  if (unknown !== undefined) return `unknown log opt '${unknown}' for ${driver} log driver`
  const mode = options['mode']
  if (mode !== undefined && mode !== '' && mode !== 'blocking' && mode !== 'non-blocking')
    return `logger: logging mode not supported: ${mode}`
  const buffer = options['max-buffer-size']
  if (buffer !== undefined && mode !== 'non-blocking')
    return "logger: max-buffer-size option is only supported with 'mode=non-blocking'"
  if (buffer !== undefined && logSizeBytes(buffer) === undefined)
    return `error parsing option max-buffer-size: invalid size: '${buffer}'`
  return undefined
}

const booleans = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/

/** What keeps a driver from beginning a log with these options (Docker finds it out at the start); undefined: nothing. */
export function badLogValue(options: Readonly<Record<string, string>>): string | undefined {
  const { 'max-size': size, 'max-file': count, compress } = options
  const complain = (text: string): string => `failed to initialize logging driver: ${text}`
  if (size !== undefined && logSizeBytes(size) === undefined) return complain(`invalid size: '${size}'`)
  if (count !== undefined && !/^[+-]?\d+$/.test(count))
    return complain(`strconv.Atoi: parsing ${JSON.stringify(count)}: invalid syntax`)
  if (count !== undefined && Number(count) < 1) return complain('max-file cannot be less than 1')
  if (compress !== undefined && !booleans.test(compress))
    return complain(`strconv.ParseBool: parsing ${JSON.stringify(compress)}: invalid syntax`)
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
