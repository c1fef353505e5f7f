import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { StoredObject } from '../cache/stored-object.ts'
import type { WatchItem } from './watch-sink.ts'
import { WatchOutlet } from './watch-outlet.ts'

const frameBytes = 100 * 1024

/** A reader that takes what it is sent only when told. */
class SlowReader {
  readonly sent: Buffer[] = []
  ended = false
  bufferedBytes = 0
  #room: PromiseWithResolvers<void> | undefined

  push(piece: Uint8Array | string): boolean {
    this.sent.push(piece as Buffer)
    this.bufferedBytes += piece.length
    return this.bufferedBytes < 64 * 1024
  }

  async write(piece: Uint8Array | string): Promise<void> {
    this.push(piece)
    this.#room = Promise.withResolvers<void>()
    await this.#room.promise
  }

  async read(): Promise<void> {
    this.bufferedBytes = 0
    this.#room?.resolve()
    await setImmediate()
  }

  async leave(): Promise<void> {
    this.#room?.reject(new Error('gone'))
    await setImmediate()
  }

  numbers(): number[] {
    return this.sent.flatMap((piece) => piece.toString().match(/\d+/g) ?? []).map(Number)
  }
}

function itemOf(revision: number, isEvent: boolean): WatchItem {
  const object = new StoredObject('a', { bytes: Buffer.alloc(frameBytes), revision })
  const type = 'MODIFIED'
  const event = isEvent ? ({ type, revision, object, previous: undefined, frames: undefined } as const) : undefined
  return { type, object, revision, event, endsInitial: false }
}

function open(): { reader: SlowReader; outlet: WatchOutlet; encoded: number[]; gone: () => number } {
  const reader = new SlowReader()
  const encoded: number[] = []
  let gone = 0
  const encode = ({ revision }: WatchItem): Buffer => {
    encoded.push(revision)
    return Buffer.from(`${revision}`.padEnd(frameBytes, ' '))
  }
  return {
    reader,
    outlet: new WatchOutlet({ response: reader, encode, onGone: () => gone++ }),
    encoded,
    gone: () => gone,
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

test('the objects of the beginning go out at the pace of the reader, in order with what comes meanwhile', async () => {
  const { reader, outlet, encoded } = open()
  assert.equal(outlet.deliver(upTo(1000).map((revision) => itemOf(revision, false))), true)
  assert.ok(encoded.length < 10, 'what has no room is not encoded')
  assert.equal(outlet.deliver([itemOf(1001, true)]), true)
  for (let turn = 0; turn < 1000 && encoded.length < 1001; turn++) await reader.read()
  assert.deepEqual(reader.numbers(), upTo(1001))
})

test('a reader that keeps up is sent each event within the call', () => {
  const { reader, outlet } = open()
  for (const revision of upTo(5)) {
    outlet.deliver([itemOf(revision, true)])
    assert.equal(reader.sent.length, revision)
    reader.bufferedBytes = 0
  }
})

test('a reader for whom too many events wait is dropped, however small they come', () => {
  const { reader, outlet, encoded } = open()
  let taken = 0
  while (outlet.deliver([itemOf(taken + 1, true)])) taken++
  assert.ok(taken > 300 && taken < 340, `${taken} events of 100 KB were taken`)
  assert.ok(reader.bufferedBytes < 1024 * 1024 && encoded.length < 10)
})

test('after a reader has gone nothing more is sent', async () => {
  const { reader, outlet, gone } = open()
  outlet.deliver(upTo(50).map((revision) => itemOf(revision, true)))
  await reader.leave()
  const { length } = reader.sent
  assert.deepEqual([gone(), outlet.deliver([itemOf(51, true)]), reader.sent.length], [1, false, length])
})
