/** String formats that schemas of custom resources may name, as upstream checks them (kube-openapi strfmt, v1.36). */
import { readGoDuration } from '#base/data/duration.ts'
import { dnsLabel, dnsSubdomain } from '../validation/formats.ts'
import { parseCidr, parseIp } from '../validation/ip-address.ts'

type Check = (text: string) => boolean

const fits =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text)

/** `2026-02-30` is no date. */
function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31)
}

function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t')
  if (time === undefined || !isDate(date)) return false
  const match = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time)
  return match !== null && (match[1] ?? '') <= '23' && (match[2] ?? '') <= '59' && (match[3] ?? '') <= '59'
}

const durationUnits =
  /^(?:ns|nano|nanos|us|µs|micro|micros|ms|milli|millis|s|sec|secs|m|min|mins|h|hr|hour|hours|d|day|days|w|wk|wks|week|weeks)/i

function isDuration(text: string): boolean {
  if (typeof readGoDuration(text) === 'bigint') return true
  return [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)].some((match) => durationUnits.test(match[1] ?? ''))
}

function isHostname(text: string): boolean {
  if (text.length > 255) return false
  const labels = text.split('.')
  if (!labels.every((label) => label.length >= 1 && label.length <= 63)) return false
  const isLabel = (label: string): boolean =>
    /^[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]*[a-zA-Z0-9\p{S}\p{L}])?$/u.test(label)
  if (!labels.every(isLabel)) return false
  return labels.length === 1 || /^[a-zA-Z\p{L}]{2,63}$/u.test(labels.at(-1) ?? '')
}

function digitsOf(text: string): readonly number[] {
  return Array.from(text)
    .filter((digit) => /\d/.test(digit))
    .map(Number)
}

function isIsbn10(text: string): boolean {
  const bare = text.replaceAll(/[\s-]+/g, '')
  if (!/^(?:\d{9}X|\d{10})$/.test(bare)) return false
  const sum = Array.from(bare).reduce(
    (total, digit, index) => total + (index + 1) * (digit === 'X' ? 10 : Number(digit)),
    0,
  )
  return sum % 11 === 0
}

function isIsbn13(text: string): boolean {
  const bare = text.replaceAll(/[\s-]+/g, '')
  if (!/^\d{13}$/.test(bare)) return false
  return digitsOf(bare).reduce((total, digit, index) => total + digit * (index % 2 === 0 ? 1 : 3), 0) % 10 === 0
}

function isCreditCard(text: string): boolean {
  const bare = text.replaceAll(/\D/g, '')
  const kinds =
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/
  if (!kinds.test(bare)) return false
  const sum = digitsOf(bare)
    .toReversed()
    .reduce((total, digit, index) => total + (index % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2), 0)
  return sum % 10 === 0
}

function isUri(text: string): boolean {
  if (/[\s\p{Cc}]/u.test(text)) return false
  return text.startsWith('/') || (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) && text.length > 1)
}

/** One address, with or without a name before it: `a@b.example`, `Name <a@b.example>`. */
function isEmail(text: string): boolean {
  const bare = /^[^<>@]*<([^<>]+)>$/.exec(text.trim())?.[1] ?? text.trim()
  return /^(?:[^\s@"<>(),:;[\]\\.]+(?:\.[^\s@"<>(),:;[\]\\.]+)*|"[^"\\]*")@(?:[^\s@<>(),:;[\]\\]+|\[[^\]\s]+\])$/.test(
    bare,
  )
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/
const byteRange = String.raw`(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])`
const rgb = new RegExp(String.raw`^rgb\(\s*${byteRange}\s*,\s*${byteRange}\s*,\s*${byteRange}\s*\)$`)
const mac =
  /^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}$|^(?:[0-9a-fA-F]{4}\.){2,3}[0-9a-fA-F]{4}$|^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\2){6}[0-9a-fA-F]{2}$/

/** Checks by name without hyphens, as upstream looks names up. */
const checks: Readonly<Record<string, Check>> = {
  bsonobjectid: fits(/^[0-9a-fA-F]{24}$/),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => parseIp(text) !== undefined && text.includes('.'),
  ipv6: (text) => parseIp(text) !== undefined && text.includes(':'),
  cidr: (text) => parseCidr(text) !== undefined,
  mac: fits(mac),
  uuid: fits(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid3: fits(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid4: fits(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  uuid5: fits(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: fits(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: fits(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: fits(rgb),
  byte: fits(base64),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => dnsLabel(text).length === 0,
  k8slongname: (text) => dnsSubdomain(text).length === 0,
}

const numeric: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
}

/** The format that counts for values of a type; `''` for those that upstream does not know and ignores. */
export function knownFormat(format: string | undefined, type: string): string {
  if (format === undefined || format === '') return ''
  if (type === '' || type === 'string') return Object.hasOwn(checks, format.replaceAll('-', '')) ? format : ''
  return numeric[type]?.includes(format) === true ? format : ''
}

/** True for text in the format, undefined for a format that is no text's. */
export function matchesFormat(format: string, text: string): boolean | undefined {
  const name = format.replaceAll('-', '')
  return Object.hasOwn(checks, name) ? checks[name]?.(text) : undefined
}
