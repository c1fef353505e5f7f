import assert from 'node:assert/strict'
import test from 'node:test'
import { goQuote, goQuoteList, goQuoteRune, goTimeQuote } from './go-quote.ts'

test('strings, lists and characters are quoted as Go quotes them', () => {
  assert.equal(goQuote('a"b\\c\n\x01é\u200b\u{1F600}\u{E0001}'), String.raw`"a\"b\\c\n\x01é\u200b😀\U000e0001"`)
  assert.equal(goQuoteList(['e', 'f g']), '["e" "f g"]')
  assert.equal(goQuoteRune(2), String.raw`'\x02'`)
  assert.equal(goQuoteRune(52), "'4'")
  assert.equal(goQuoteRune(39), String.raw`'\''`)
  assert.equal(goQuoteRune(34), `'"'`)
})

test('package time shows what is not ASCII as bytes', () => {
  assert.equal(goTimeQuote('1ä"\\\t'), String.raw`"1\xc3\xa4\"\\\x09"`)
})
