/** Settings as rows of a table: one declaration gives the schema, the environment variable, the flag and the documentation. */
import type { Infer, Schema } from '#base/schema/schema.ts'

/** One setting. Keys are dotted (`limits.memory`); each has a default and the reason for it. */
export interface Setting<T> {
  readonly schema: Schema<T>
  readonly default: T
  /** What it does, one sentence. */
  readonly description: string
  /** Why the default is what it is. */
  readonly reason: string
  /** Never printed. */
  readonly secret?: boolean
}

/** A table of settings by dotted key. */
export type Settings = Readonly<Record<string, Setting<unknown>>>

/** The values of a table, by the same dotted keys. */
export type SettingValues<S extends Settings> = { readonly [K in keyof S]: Infer<S[K]['schema']> }

/** Declares a setting, inferring its type. */
export function setting<T>(schema: Schema<T>, row: Omit<Setting<T>, 'schema'>): Setting<T> {
  return { schema, ...row }
}

/** The environment variable of a key: `networks.bridgeName` is GANTRY_NETWORKS_BRIDGE_NAME. */
export function environmentNameOf(key: string): string {
  return `GANTRY_${words(key).join('_').toUpperCase()}`
}

/** The flag of a key: `networks.bridgeName` is --networks-bridge-name. */
export function flagNameOf(key: string): string {
  return words(key).join('-').toLowerCase()
}

function words(key: string): string[] {
  return key.replaceAll(/([a-z0-9])([A-Z])/g, '$1.$2').split(/[.-]/)
}
