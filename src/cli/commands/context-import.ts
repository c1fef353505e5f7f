/** `context import`: reads a context from a tar archive. */
import type { ContextDocument } from '#cli/docker/context-store.ts'
import { contextNameProblem } from '#cli/docker/context-store.ts'
import { failure } from '#cli/docker/exit.ts'
import type { Files } from '#world/ports/files.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'
import { extractTar } from './extract-tar.ts'
import { absolute } from './mount-flag.ts'

const sizeBytesMax = 10 * 1024 * 1024

export const contextImport: Verb = {
  usage: 'CONTEXT FILE|-',
  flags: [],
  count: exactly(2),
  completes: 'files',
  async run({ args, session }) {
    const [name = '', file = ''] = args
    const { files, terminal, cwd } = session.io
    const problem = contextNameProblem(name)
    if (problem !== undefined) throw failure(problem)
    const store = await session.contexts()
    if (await store.exists(name)) throw failure(`context "${name}" already exists`)
    await using folder = await files.temporaryDirectory('context-')
    const source = file === '-' ? terminal.stdin : files.readStream(absolute(cwd, file))
    const rooted = async function* (): AsyncGenerator<Uint8Array, void> {
      let sizeBytes = 0
      for await (const chunk of source) {
        sizeBytes += (chunk as Uint8Array).length
        if (sizeBytes > sizeBytesMax) throw failure('read exceeds the defined limit')
        yield chunk as Uint8Array
      }
    }
    const { document, tls } = await unpack(rooted(), { files, folder: folder.path })
    await store.write({ ...document, Name: name }, tls)
    await session.print(`${name}\n`)
    await session.warn(`Successfully imported context "${name}"\n`)
  },
}

async function unpack(
  source: AsyncIterable<Uint8Array>,
  { files, folder }: { readonly files: Files; readonly folder: string },
): Promise<{ readonly document: ContextDocument; readonly tls: Readonly<Record<string, string>> }> {
  await extractTar(files, source, { target: `${folder}/root`, keepRoot: true })
  const document = JSON.parse(
    await files.readText(`${folder}/root/meta.json`, { maxBytes: sizeBytesMax }),
  ) as ContextDocument
  const tls: Record<string, string> = {}
  for (const name of ['ca.pem', 'cert.pem', 'key.pem']) {
    const path = `${folder}/root/tls/docker/${name}`
    if (await files.exists(path)) tls[`docker/${name}`] = await files.readText(path, { maxBytes: sizeBytesMax })
  }
  return { document, tls }
}
