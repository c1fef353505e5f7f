/** The README's tour is typed here line by line, against the engine under test. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bash, clear, isReference, lacksImage, scratch } from './target.ts'

const root = join(import.meta.dirname, '../..')
const skip = isReference ? 'the tour is about Gantry' : lacksImage('busybox')
const patientCurl = 'curl -s --retry 120 --retry-delay 1 --retry-all-errors'
const port = 21_000 + (process.pid % 5000)

/** The commands of the tour that need no engine of their own, with free ports. */
function tour(file: string, folder: string): string {
  const [, section = ''] =
    /## (?:Five minutes|五分钟上手)\n+```sh\n([\s\S]*?)```/.exec(readFileSync(join(root, file), 'utf8')) ?? []
  return (
    section
      .split('\n')
      .filter((line) => !/^\.\/gantry (up|image|status|down)|^export /.test(line))
      .join('\n')
      .replaceAll('./gantry', join(root, 'gantry'))
      .replaceAll('8081', String(port))
      .replaceAll('127.0.0.1:5000', `127.0.0.1:${port + 5000}`)
      .replaceAll('/tmp/images', `${folder}/images`)
      // What a reader types a moment later waits here for what runs in the background.
      .replaceAll(' && docker push', `; ${patientCurl} http://127.0.0.1:${port + 5000}/v2/ >/dev/null; docker push`)
      .replace(/^curl /m, `${patientCurl} `)
  )
}

before(clear)
after(clear)
for (const file of ['README.md', 'README.zh-CN.md'])
  test(`the snippets of ${file} do what they say`, { skip }, () => {
    using folder = scratch()
    clear()
    const { code, text } = bash(`set -e\n${tour(file, folder.path)}\nkill %1`, { cwd: folder.path, timeoutMs: 300_000 })
    assert.equal(code, 0, text)
    assert.match(text, /^hello\nhello\n/)
    assert.match(text, /Successfully tagged mine:latest\nbuilt\n/)
    assert.match(text, /1 packets received/)
    assert.match(text, /^site$/m)
    assert.match(text, /latest: digest: sha256:/)
    bash('docker rmi -f mine; docker images -q "127.0.0.1:*/mine" | xargs -r docker rmi -f')
  })
