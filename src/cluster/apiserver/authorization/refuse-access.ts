/** A refused question as the error that its asker gets. */
import type { GantryError } from '#base/errors/gantry-error.ts'
import { forbidden } from '../status-errors.ts'
import { type Access, refusalOf } from './access.ts'

/** 403 that names the object, if the question is about one: `pods "x" is forbidden: User "u" cannot get resource "pods/log" …`. */
export function refused(access: Access, reason: string = ''): GantryError {
  const { isResource, group, resource, name } = access
  const subject = isResource ? { group, resource, name } : { group: '', resource: '', name: '' }
  return forbidden(subject, refusalOf(access, reason))
}
