import { filesContract } from '#world/ports/files.contract.ts'
import { createFiles } from './files.ts'

filesContract('this machine', async () => {
  const files = createFiles()
  const temporary = await files.temporaryDirectory('gantry-files-')
  return { files, path: temporary.path, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() }
})
