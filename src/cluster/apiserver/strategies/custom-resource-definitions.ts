/** Definitions of custom resources: every version that objects were ever stored in is remembered; the end takes a finalizer. */
import { isJsonObject } from '#spec/kubernetes/objects/objects.ts'
import { unknownFormats } from '#spec/kubernetes/structural/schemas-in.ts'
import { type ApiObject, listAt, objectAt, withMember } from '../api-object.ts'
import type { Strategy } from './strategy.ts'

function withStoredVersion(definition: ApiObject): ApiObject {
  const storage = listAt(definition, 'spec', 'versions').find((version) => version['storage'] === true)?.['name']
  const status = objectAt(definition, 'status')
  const before = status['storedVersions']
  const stored: readonly unknown[] = Array.isArray(before) ? (before as readonly unknown[]) : []
  if (storage === undefined || stored.includes(storage)) return definition
  return withMember(definition, 'status', { ...status, storedVersions: [...stored, storage] })
}

function formatsOf(definition: ApiObject): readonly string[] {
  return listAt(definition, 'spec', 'versions').flatMap((version) => {
    const schema = objectAt(version, 'schema')['openAPIV3Schema']
    return isJsonObject(schema) ? unknownFormats(schema) : []
  })
}

export const customResourceDefinitionStrategy: Partial<Strategy> = {
  prepareCreate: withStoredVersion,
  prepareUpdate: withStoredVersion,
  warningsOf: (definition, old) => {
    const before = new Set(old === undefined ? [] : formatsOf(old))
    const added = [...new Set(formatsOf(definition))].filter((format) => !before.has(format))
    return added.map((format) => `unrecognized format ${JSON.stringify(format)}`)
  },
  finalizersOnDelete: ['customresourcecleanup.apiextensions.k8s.io'],
  beginDelete: (definition) => {
    const status = objectAt(definition, 'status')
    const terminating = {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: definition.metadata.deletionTimestamp,
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    }
    const others = listAt(definition, 'status', 'conditions').filter((condition) => condition['type'] !== 'Terminating')
    return withMember(definition, 'status', { ...status, conditions: [...others, terminating] })
  },
}
