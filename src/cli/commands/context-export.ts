/** `context export`: writes a context as a tar archive. */
import { failure } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { tarFile, tarParts } from '#cli/docker/tar-tree.ts'
import { absolute } from './mount-flag.ts'

export const contextExport: Verb = {
  usage: '[OPTIONS] CONTEXT [FILE|-]',
  flags: [],
  count: { kind: 'between', least: 1, most: 2 },
  completes: 'contexts',
  async run({ args, session }) {
    const [name = '', file] = args
    const { files, terminal, cwd } = session.io
    const store = await session.contexts()
    const document = await store.read(name)
    const parts = [tarFile('meta.json', Buffer.from(JSON.stringify(document)))]
    for (const [path, content] of Object.entries(await store.tls(name)))
      parts.push(tarFile(`tls/${path}`, Buffer.from(content)))
    const chunks: Uint8Array[] = []
    for await (const chunk of tarParts(...parts)) chunks.push(chunk)
    if (file === '-') {
      if (terminal.stdoutIsTerminal) throw failure('cowardly refusing to export to a terminal, specify a file path')
      await session.print(Buffer.concat(chunks))
      return
    }
    const target = file ?? `${name}.dockercontext`
    await files.write(absolute(cwd, target), Buffer.concat(chunks), { mode: 0o600, exclusive: true })
    await session.warn(`Written file "${target}"\n`)
  },
}
