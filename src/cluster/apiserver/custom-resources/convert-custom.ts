/** Objects of custom resources between versions with the strategy None: only the name of the version changes. */
import type { JsonObject } from '#spec/kubernetes/objects/objects.ts'
import { prunedResource } from '#spec/kubernetes/structural/decode-resource.ts'
import { fillDefaults } from '#spec/kubernetes/structural/fill-defaults.ts'
import type { SchemaNode } from '#spec/kubernetes/structural/schema-node.ts'
import type { ApiObject } from '../api-object.ts'
import type { Conversion, ResourceVersions } from '../resource-versions.ts'

/** The versions of one definition. */
export interface CustomVersions {
  readonly group: string
  /** `GROUP/VERSION` that objects are written in. */
  readonly storedVersion: string
  /** Schemas by `GROUP/VERSION`. */
  readonly nodes: ReadonlyMap<string, SchemaNode | undefined>
}

/** How the objects of a definition get from one version into another. */
export interface DefinitionConversion {
  /** Between the stored version and a served one, fitted to its schema. */
  of(apiVersion: string): Conversion
  /** Between any two, as the converter gives them. */
  readonly convert: ResourceVersions['convert']
}

/** A stored object with the defaults that its version has now: objects may be older than their schema. */
export function refreshed({ nodes }: CustomVersions, object: ApiObject): ApiObject {
  const node = nodes.get(object.apiVersion)
  return fillDefaults(prunedResource(object, node).pruned, node) as ApiObject
}

/** The object as the schema of its version has it. */
export function fitted({ nodes }: CustomVersions, object: JsonObject): ApiObject {
  return prunedResource(object, nodes.get(String(object['apiVersion']))).pruned as ApiObject
}

/** The conversion of a definition that only renames. Objects that need no change come out as they are. */
export function plainConversion(versions: CustomVersions): DefinitionConversion {
  return {
    of: (apiVersion) => plainVersion(versions, apiVersion),
    convert: (object, apiVersion) => ({ ...object, apiVersion }),
  }
}

function plainVersion(versions: CustomVersions, apiVersion: string): Conversion {
  const { storedVersion } = versions
  const known = new WeakMap<ApiObject, ApiObject>()
  return {
    storedVersion,
    fromStored: (object) => {
      let served = known.get(object)
      if (served === undefined) {
        const fresh = refreshed(versions, object)
        served = fresh.apiVersion === apiVersion ? fresh : fitted(versions, { ...fresh, apiVersion })
        known.set(object, served)
      }
      return served
    },
    toStored: (object) =>
      object.apiVersion === storedVersion ? object : fitted(versions, { ...object, apiVersion: storedVersion }),
  }
}
