/** `extenders` of a KubeSchedulerConfiguration: their rules, defaults and order (v1.36), and the files that their TLS is kept in. */
import { array, object } from '#base/schema/composites.ts'
import { boolean, durationMs, integer, optional, refine, string, withDefault } from '#base/schema/scalars.ts'
import type { Schema } from '#base/schema/schema.ts'
import type { ClientTls } from '#kit/http/client.ts'
import { qualifiedName } from '#spec/kubernetes/validation/formats.ts'
import { isExtendedResource } from '#spec/kubernetes/validation/pods/resources.ts'
import type { ExtenderSettings, TlsFiles } from '../extenders/extender.ts'
import type { SchedulerConfig } from '../scheduler-config.ts'

const text = withDefault(string(), '')
const isSo = withDefault(boolean(), false)
const defaultTimeoutMs = 5000
const address: Schema<string> = refine(string({ lengthMin: 1 }), (url) =>
  URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)
    ? undefined
    : 'has to be an http or https URL',
)

interface TlsEntry {
  readonly insecure: boolean
  readonly serverName: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly certData: string
  readonly keyData: string
  readonly caData: string
}

interface Entry {
  readonly urlPrefix: string
  readonly filterVerb: string
  readonly preemptVerb: string
  readonly prioritizeVerb: string
  readonly bindVerb: string
  readonly weight: number
  readonly enableHTTPS: boolean
  readonly tlsConfig?: TlsEntry
  /** Milliseconds; 0 for the default. */
  readonly httpTimeout: number
  readonly nodeCacheCapable: boolean
  readonly managedResources: readonly { readonly name: string; readonly ignoredByScheduler: boolean }[]
  readonly ignorable: boolean
}

/** One entry as it is written. */
export const extender: Schema<Entry> = object({
  urlPrefix: address,
  filterVerb: text,
  preemptVerb: text,
  prioritizeVerb: text,
  bindVerb: text,
  weight: withDefault(integer(), 0),
  enableHTTPS: isSo,
  tlsConfig: optional(
    object({
      insecure: isSo,
      ...{ serverName: text, certFile: text, keyFile: text, caFile: text },
      ...{ certData: text, keyData: text, caData: text },
    }),
  ),
  httpTimeout: withDefault(durationMs({ min: 0 }), 0),
  nodeCacheCapable: isSo,
  managedResources: withDefault(array(object({ name: string(), ignoredByScheduler: isSo })), []),
  ignorable: isSo,
})

/** The first thing that is wrong with the entries together, as upstream words it. */
export function problemOfExtenders(entries: readonly Entry[]): string | undefined {
  const seen = new Set<string>()
  for (const [index, { prioritizeVerb, weight, managedResources }] of entries.entries()) {
    const at = `extenders[${index}]`
    if (prioritizeVerb !== '' && weight <= 0)
      return `${at}.weight: Invalid value: ${weight}: must have a positive weight applied to it`
    for (const [place, { name }] of managedResources.entries()) {
      const problem = problemOfResource(name, seen)
      if (problem !== undefined)
        return `${at}.managedResources[${place}].name: Invalid value: ${JSON.stringify(name)}: ${problem}`
      seen.add(name)
    }
  }
  const binders = entries.filter(({ bindVerb }) => bindVerb !== '').length
  return binders > 1
    ? `extenders: Invalid value: "found ${binders} extenders implementing bind": only one extender can implement bind`
    : undefined
}

function problemOfResource(name: string, seen: ReadonlySet<string>): string | undefined {
  const [problem] = qualifiedName(name)
  if (problem !== undefined) return problem
  if (!isExtendedResource(name)) return 'is an invalid extended resource name'
  return seen.has(name) ? 'duplicate extender managed resource name' : undefined
}

/** Resources that the scheduler itself does not count. */
export function resourcesIgnoredFor(entries: readonly Entry[]): readonly string[] {
  return entries.flatMap(({ managedResources }) =>
    managedResources.filter(({ ignoredByScheduler }) => ignoredByScheduler).map(({ name }) => name),
  )
}

/** The settings in the order in which extenders are asked: those last that may be done without. */
export function extenderSettings(entries: readonly Entry[]): readonly ExtenderSettings[] {
  const all = entries.map(settingsOf)
  return [...all.filter(({ isIgnorable }) => !isIgnorable), ...all.filter(({ isIgnorable }) => isIgnorable)]
}

function settingsOf(entry: Entry): ExtenderSettings {
  const { urlPrefix, filterVerb, prioritizeVerb, preemptVerb, bindVerb, weight, managedResources } = entry
  return {
    ...{ urlPrefix, filterVerb, prioritizeVerb, preemptVerb, bindVerb, weight },
    timeoutMs: entry.httpTimeout === 0 ? defaultTimeoutMs : entry.httpTimeout,
    knowsNodes: entry.nodeCacheCapable,
    managedResources: managedResources.map(({ name }) => name),
    isIgnorable: entry.ignorable,
    ...tlsOf(entry),
  }
}

/** What is written out comes before what is kept in a file. Without an authority to go by, HTTPS goes unchecked. */
function tlsOf({ tlsConfig, enableHTTPS }: Entry): Pick<ExtenderSettings, 'tls' | 'tlsFiles'> {
  if (tlsConfig === undefined) return { tls: enableHTTPS ? { insecure: true } : {}, tlsFiles: {} }
  const { insecure, serverName, caData, caFile } = tlsConfig
  const isUnchecked = insecure || (enableHTTPS && caData === '' && caFile === '')
  const parts = pemParts(tlsConfig)
  const written = parts.filter(({ data }) => data !== '').map(({ name, data }) => [name, decoded(data)])
  const kept = parts.filter(({ data, file }) => data === '' && file !== '').map(({ name, file }) => [name, file])
  return {
    tls: {
      ...(isUnchecked ? { insecure: true } : {}),
      ...(serverName === '' ? {} : { serverName }),
      ...(Object.fromEntries(written) as ClientTls),
    },
    tlsFiles: Object.fromEntries(kept) as TlsFiles,
  }
}

interface PemPart {
  readonly name: keyof TlsFiles
  readonly data: string
  readonly file: string
}

function pemParts({ certData, certFile, keyData, keyFile, caData, caFile }: TlsEntry): readonly PemPart[] {
  return [
    { name: 'certificate', data: certData, file: certFile },
    { name: 'key', data: keyData, file: keyFile },
    { name: 'authorities', data: caData, file: caFile },
  ]
}

function decoded(data: string): string {
  return Buffer.from(data, 'base64').toString()
}

/** The configuration with the files of its extenders read. @throws what `readText` throws for a file that is missing. */
export async function withExtenderFiles(
  config: SchedulerConfig,
  readText: (path: string) => Promise<string>,
): Promise<SchedulerConfig> {
  const read = async (settings: ExtenderSettings): Promise<ExtenderSettings> => {
    const kept = await Promise.all(
      Object.entries(settings.tlsFiles).map(async ([name, path]: [string, string]) => [name, await readText(path)]),
    )
    return { ...settings, tls: { ...settings.tls, ...(Object.fromEntries(kept) as ClientTls) }, tlsFiles: {} }
  }
  return { ...config, extenders: await Promise.all(config.extenders.map(read)) }
}
