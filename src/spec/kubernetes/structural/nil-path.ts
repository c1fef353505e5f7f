/** The path of the whole object, which upstream prints as that of nothing. */
import { path, type Path } from '../validation/field-path.ts'

/** The path, or `<nil>` for an empty one. */
export function nilPath(at: Path): Path {
  return at.toString() === '' ? path('<nil>') : at
}
