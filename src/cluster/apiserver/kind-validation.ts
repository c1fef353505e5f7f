/** Validation of built-in kinds, as far as the rules are there. */
import { noValidation, type ObjectValidation } from './object-validation.ts'

export const kindValidation: ObjectValidation = noValidation
