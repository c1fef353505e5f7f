import { randomContract } from '#world/ports/random.contract.ts'
import { createRandom } from './random.ts'

randomContract('the kernel', createRandom)
