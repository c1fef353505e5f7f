/** Byte sizes as docker prints them (docker/go-units). */

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB']
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']

/** Powers of 1000 with up to `digits` significant digits, four unless told: `1.234MB` (docker images, docker system df). */
export function formatDecimalSize(bytes: number, digits: number = 4): string {
  return formatSize(bytes, { base: 1000, units: decimalUnits, digits })
}

/** Powers of 1024 with up to four significant digits: `1.205GiB` (docker stats, docker info). */
export function formatBinarySize(bytes: number): string {
  return formatSize(bytes, { base: 1024, units: binaryUnits, digits: 4 })
}

function formatSize(bytes: number, form: { base: number; units: readonly string[]; digits: number }): string {
  let amount = bytes
  let step = 0
  while (Math.abs(amount) >= form.base && step < form.units.length - 1) {
    amount /= form.base
    step++
  }
  return `${formatSignificant(amount, form.digits)}${form.units[step]}`
}

/** C's `%.<digits>g`, which go-units uses. */
function formatSignificant(value: number, digits: number): string {
  const [mantissa = '0', exponent = '0'] = value.toExponential(digits - 1).split('e')
  const power = Number(exponent)
  if (power >= digits || power < -4) {
    const sign = power < 0 ? '-' : '+'
    return `${trimZeros(mantissa)}e${sign}${Math.abs(power).toString().padStart(2, '0')}`
  }
  return trimZeros(value.toFixed(Math.max(0, digits - 1 - power)))
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
