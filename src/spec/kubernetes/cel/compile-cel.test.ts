import assert from 'node:assert/strict'
import test from 'node:test'
import { boolType, dynType, nullType, optionalType, stringType, type CelType } from './cel-type.ts'
import { celNone } from './cel-value.ts'
import { perCallLimit } from './cel-limits.ts'
import { compileCel, type CelOutcome, type CelProgram } from './compile-cel.ts'
import { celEnvironment } from './environment.ts'
import { celAuthorizer } from './libraries/authorizers.ts'
import { namedTypes } from './named-types.ts'
import { celToJson } from './read-json.ts'
import { schemaType, type CelSchema } from './schema-type.ts'

const schema: CelSchema = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    ratio: { type: 'number' },
    name: { type: 'string', maxLength: 10 },
    list: {
      type: 'array',
      maxItems: 10,
      items: { type: 'object', properties: { a: { type: 'string', maxLength: 5 }, n: { type: 'integer' } } },
    },
    tags: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 5 }, 'x-kubernetes-list-type': 'set' },
    keyed: {
      type: 'array',
      maxItems: 10,
      items: { type: 'object', properties: { a: { type: 'string' }, n: { type: 'integer' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a'],
    },
    when: { type: 'string', format: 'date-time' },
    wait: { type: 'string', format: 'duration' },
    blob: { type: 'string', format: 'byte' },
    map: { type: 'object', additionalProperties: { type: 'string', maxLength: 5 }, maxProperties: 4 },
    'foo-bar': { type: 'string' },
    namespace: { type: 'string' },
    port: { 'x-kubernetes-int-or-string': true },
    free: { type: 'string' },
    nothing: { type: 'integer', nullable: true },
  },
}
const self = schemaType(schema, { isResource: true })
const environment = celEnvironment({
  variables: {
    self,
    oldSelf: self,
    object: dynType,
    maybe: optionalType(self as CelType),
    authorizer: namedTypes.get('kubernetes.authorization.Authorizer'),
  },
})

const value = {
  apiVersion: 'v1',
  kind: 'Example',
  metadata: { name: 'example' },
  replicas: 3,
  ratio: 1,
  name: 'abc',
  list: [
    { a: 'x', n: 1 },
    { a: 'y', n: 2 },
  ],
  tags: ['p', 'q'],
  keyed: [
    { a: 'x', n: 1 },
    { a: 'y', n: 2 },
  ],
  when: '2024-02-29T10:00:00.5Z',
  wait: '1h30m',
  blob: 'aGk=',
  map: { k: 'v' },
  'foo-bar': 'z',
  namespace: 'ns',
  port: 80,
  nothing: null,
}
const object = { spec: { replicas: 2, ratio: 1.5, containers: [{ name: 'a' }, { name: 'b' }] } }

function program(text: string): CelProgram {
  const compiled = compileCel(text, environment)
  if ('problem' in compiled) throw new Error(compiled.problem)
  return compiled.program
}

function run(text: string, costLimit = perCallLimit): CelOutcome {
  const oldSelf = { ...value, tags: ['q', 'p'], keyed: value.keyed.toReversed() }
  return program(text).evaluate({ self: value, oldSelf, object, maybe: celNone }, { costLimit })
}

function problem(text: string): string {
  const compiled = compileCel(text, environment)
  return 'problem' in compiled ? (compiled.problem.split('\n')[0] ?? '') : 'compiles'
}

const truths: readonly string[] = [
  // Values by schema
  'self.replicas + 1 == 4',
  'type(self.replicas) == int && type(self.ratio) == double && type(self.port) == int',
  'type(self.when) == google.protobuf.Timestamp && type(self.wait) == google.protobuf.Duration',
  'self.blob == b"hi" && dyn(self.nothing) == null',
  'self.metadata.name == "example" && self.kind == "Example"',
  'self.foo__dash__bar == "z" && self.__namespace__ == "ns"',
  'self.tags == oldSelf.tags && self.keyed == oldSelf.keyed && self.list == oldSelf.list',
  'self.tags + ["q", "r"] == ["p", "q", "r"] && [1, 2] + [2] == [1, 2, 2]',
  'self.keyed + [self.keyed[0]] == self.keyed && (self.list + [self.list[0]]).size() == 3',
  'object.spec.replicas == 2 && object.spec.ratio == 1.5 && object.spec.replicas < object.spec.ratio + 1.0',
  'object.spec.containers.all(c, c.name.size() == 1)',
  // Operators
  '-5 % 3 == -2 && -5 / 3 == -1 && 7.0 / 2.0 == 3.5 && 0x1F == 31 && 1u + 2u == 3u',
  '1 < 1.5 && 2u > 1 && dyn(1) == 1.0 && !(dyn(1) == "1")',
  '"a" + "b" == "ab" && b"a" + b"b" == b"ab" && "b" > "a" && b"b" > b"a" && true > false',
  'true || 1 / 0 == 1',
  '1 / 0 == 1 || true',
  '!(false && 1 / 0 == 1) && !(1 / 0 == 1 && false)',
  '1 in [1, 2] && "k" in self.map && !("z" in self.map)',
  "r'\\d' == '\\\\d' && '\\u00e9' == 'é' && '''a'b''' == \"a'b\"",
  'size("héllo😀") == 6 && "😀".size() == 1 && size(b"é") == 2',
  '(self.replicas > 2 ? "many" : "few") == "many"',
  // Loops
  'self.list.all(x, x.n > 0) && self.list.exists(x, x.a == "y") && self.list.exists_one(x, x.n == 1)',
  'self.list.map(x, x.n) == [1, 2] && self.list.map(x, x.n > 1, x.a) == ["y"] && self.list.filter(x, x.n > 1).size() == 1',
  '[1, 0].exists(x, 1 / x == 1) && ![0, 2].all(x, 4 / x == 3)',
  'self.map.all(k, self.map[k] == "v") && self.map.exists(k, v, k == "k" && v == "v")',
  '[5, 6].all(i, v, v == i + 5) && [5, 6].exists_one(i, v, i == 1 && v == 6)',
  '[1, 2].transformList(i, v, i * v) == [0, 2] && {"a": 1}.transformMap(k, v, v + 1) == {"a": 2}',
  '{"a": "b"}.transformMapEntry(k, v, {v: k}) == {"b": "a"}',
  // Optionals
  'self.?name.orValue("q") == "abc" && !self.list[?5].hasValue() && self.map[?"k"].value() == "v"',
  'has(self.map.k) && !has(self.map.q) && !has(self.free) && has(self.nothing)',
  'optional.of(5).optMap(v, v + 1).value() == 6 && optional.none().or(optional.of(1)).value() == 1',
  'optional.ofNonZeroValue("") == optional.none() && !maybe.hasValue()',
  '{?"a": optional.none(), "b": "c"} == {"b": "c"} && [?optional.of(1), ?optional.none()] == [1]',
  'self.?free.optFlatMap(f, optional.of(f)).hasValue() == false && [1, 2].first().value() == 1',
  // Conversions
  'int("42") == 42 && double("1.5") == 1.5 && string(1.5e10) == "1.5e+10" || string(15.5) == "15.5"',
  'string(timestamp("2020-01-01T00:00:00Z")) == "2020-01-01T00:00:00Z" && string(duration("90s")) == "90s"',
  'timestamp("2020-01-01T00:00:00Z") + duration("24h") == timestamp("2020-01-02T00:00:00Z")',
  'self.when.getFullYear() == 2024 && self.when.getMonth() == 1 && self.when.getDate() == 29 && self.when.getMilliseconds() == 500',
  'self.when.getHours("Europe/Berlin") == 11 && "%.120f".format([1.5]).size() == 122',
  'self.when.getHours("+02:00") == 12 && self.when.getDayOfWeek() == 4 && self.wait.getMinutes() == 90',
  // Text
  '"tacocat".indexOf("o") == 3 && "tacocat".lastIndexOf("c") == 4 && "tacocat".charAt(2) == "c"',
  '"a,b,c".split(",") == ["a", "b", "c"] && "a,b,c".split(",", 2) == ["a", "b,c"] && ["a", "b"].join("-") == "a-b"',
  '"aaa".replace("a", "b", 2) == "bba" && "ab".replace("", "-") == "-a-b-" && " x ".trim() == "x"',
  '"tacocat".substring(4) == "cat" && "tacocat".substring(0, 4) == "taco" && "ABC".lowerAscii() == "abc"',
  '"%s is %d, %.2f, %x, %b".format([dyn("x"), dyn(5), dyn(1.5), dyn(255), dyn(5)]) == "x is 5, 1.50, ff, 101"',
  '"%s".format([[1, 2]]) == "[1, 2]" && strings.quote("a\\"b") == "\\"a\\\\\\"b\\""',
  '"abc 123".find("[0-9]+") == "123" && "a1b2".findAll("[0-9]") == ["1", "2"] && "a1b2".findAll("[0-9]", 1) == ["1"]',
  '"a-b".matches("^[a-z-]+$") && !"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("^(a+)+$")',
  '!has(dyn(null).deeper)',
  // Lists and sets
  '[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && ["a", "b"].max() == "b" && [1, 2].isSorted() && [1, 2, 1].lastIndexOf(1) == 2',
  '[3, 1, 2].sort() == [1, 2, 3] && self.list.sortBy(x, -x.n).map(x, x.n) == [2, 1] && [1, 1].distinct() == [1]',
  '[1, 2, 3].slice(1, 3) == [2, 3] && [[1], [2]].flatten() == [1, 2] && [1, 2].reverse() == [2, 1] && lists.range(3) == [0, 1, 2]',
  'sets.contains([1, 2], [1]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])',
  // Kubernetes' libraries
  'quantity("1Gi").isGreaterThan(quantity("1M")) && quantity("1.5k").asInteger() == 1500 && !isQuantity("x")',
  'quantity("50k").add(20) == quantity("50020") && quantity("1").sub(quantity("2")).sign() == -1',
  'ip("192.168.0.1").family() == 4 && ip("::1").isLoopback() && isIP("1.2.3.4") && !isIP("01.2.3.4") && !isIP("::ffff:1.2.3.4")',
  'cidr("192.168.0.0/24").containsIP("192.168.0.7") && cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")',
  'url("https://example.com:80/path?q=1&q=2").getHost() == "example.com:80" && url("/p?q=1").getQuery()["q"] == ["1"] && !isURL("../x")',
  'semver("1.2.3").isLessThan(semver("1.10.0")) && isSemver("v1.0", true) && !isSemver("v1.0.0") && semver("v01.1", true).minor() == 1',
  'format.dns1123Label().validate("A_b").hasValue() && !format.named("uuid").value().validate("123e4567-e89b-12d3-a456-426614174000").hasValue()',
  'jsonpatch.escapeKey("a/b~c") == "a~1b~0c"',
]

test('expressions mean what the language and the libraries say', () => {
  for (const text of truths) assert.deepEqual(run(text), { ...run(text), value: true }, text)
})

test('failures are worded as upstream words them', () => {
  const failures: readonly (readonly [string, string])[] = [
    ['self.map["zz"]', 'no such key: zz'],
    ['self.free', 'no such key: free'],
    ['object.spec.none.deeper', 'no such key: none'],
    ['dyn(null).deeper', 'no such key: deeper'],
    ['dyn("text").deeper', 'no such key: deeper'],
    ['[1][5]', 'index out of bounds: 5'],
    ['1 / 0', 'division by zero'],
    ['1 % 0', 'modulus by zero'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ['dyn("a") + dyn(1)', 'no such overload: _+_(string, int)'],
    ['optional.none().value()', 'optional.none() dereference'],
    ['int("abc")', "type conversion error from 'string' to 'int'"],
    ['{"a": 1, "a": 2}', 'insert failed: key a already exists'],
    ['[1, 2].slice(2, 1)', 'cannot slice(2, 1), start index must be less than or equal to end index'],
    ['"abc".substring(9)', 'index out of range: 9'],
  ]
  for (const [text, message] of failures) {
    const outcome = run(text)
    assert.equal('failure' in outcome ? outcome.failure.message : outcome.value, message, text)
  }
})

test('what does not compile is refused with place and reason', () => {
  const problems: readonly (readonly [string, string])[] = [
    ['self.nope', "ERROR: <input>:1:5: undefined field 'nope'"],
    ['1 + "a"', "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'"],
    ['self.name.foo()', "ERROR: <input>:1:14: undeclared reference to 'foo' (in container '')"],
    ['"a".contains(1)', "ERROR: <input>:1:13: found no matching overload for 'contains' applied to 'string.(int)'"],
    ['nobody', "ERROR: <input>:1:1: undeclared reference to 'nobody' (in container '')"],
    ['self.replicas.x', "ERROR: <input>:1:14: type 'int' does not support field selection"],
    [
      'self.replicas.all(x, true)',
      "ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ['self.list.all(x, x.n)', "ERROR: <input>:1:19: expected type 'bool' but found 'int'"],
    ['[1, "a"]', "ERROR: <input>:1:5: expected type 'int' but found 'string'"],
    ['(1', "ERROR: <input>:1:3: Syntax error: missing ')' at '<EOF>'"],
    ['a b', "ERROR: <input>:1:3: Syntax error: extraneous input 'b' expecting <EOF>"],
    ['a b c', "ERROR: <input>:1:3: Syntax error: mismatched input 'b' expecting <EOF>"],
    ['(a b)', "ERROR: <input>:1:4: Syntax error: extraneous input 'b' expecting ')'"],
    ['a ? b', "ERROR: <input>:1:6: Syntax error: mismatched input '<EOF>' expecting ':'"],
    ['{1 2}', "ERROR: <input>:1:4: Syntax error: missing ':' at '2'"],
    ['[1,', "ERROR: <input>:1:4: Syntax error: missing ']' at '<EOF>'"],
    [
      'x.exists(y, )',
      "ERROR: <input>:1:13: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    [
      'a + + b',
      "ERROR: <input>:1:5: Syntax error: extraneous input '+' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    ['1 # 2', "ERROR: <input>:1:3: Syntax error: token recognition error at: '#'"],
    ['self.list.all(1, true)', 'ERROR: <input>:1:15: argument must be a simple name'],
    ['has(self)', 'ERROR: <input>:1:5: invalid argument to has() macro'],
    ['namespace', 'ERROR: <input>:1:1: reserved identifier: namespace'],
    ['duration("x")', 'ERROR: <input>:1:10: invalid duration argument'],
    ['"a".matches("(")', 'ERROR: <input>:1:13: invalid matches argument'],
    ['99999999999999999999', 'ERROR: <input>:1:1: invalid int literal'],
    [
      '',
      "ERROR: <input>:1:1: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
  ]
  for (const [text, message] of problems) assert.equal(problem(text), message, text)
  const shown = compileCel('true &&\n  self.nope', environment)
  assert.equal(
    'problem' in shown ? shown.problem : '',
    "ERROR: <input>:2:7: undefined field 'nope'\n |   self.nope\n | ......^",
  )
})

test('the type of the result can be asked for', () => {
  const outcome = compileCel('self.replicas', environment, { result: [boolType] })
  assert.deepEqual(outcome, { problem: 'must evaluate to bool but got int' })
  assert.ok('program' in compileCel('object.spec.x', environment, { result: [boolType] }))
  const either = compileCel('1', environment, { result: [stringType, boolType] })
  assert.deepEqual(either, { problem: 'must evaluate to one of [string bool] but got int' })
  const hidden = compileCel('1', environment, { result: [nullType], hidesType: true })
  assert.deepEqual(hidden, { problem: 'must evaluate to null_type' })
})

test('costs count as upstream counts them', () => {
  const costs: readonly (readonly [string, number, number, number])[] = [
    ['self.replicas < 5', 3, 3, 3],
    ['self.list.all(x, x.n > 0)', 15, 3, 63],
    ['[1, 2, 3].sum()', 13, 13, 13],
    ['has(self.name)', 1, 1, 1],
    ['self.name == "abc"', 3, 3, 3],
    ['self.map.all(k, true)', 6, 3, 15],
  ]
  for (const [text, cost, min, max] of costs) {
    assert.equal(run(text).cost, cost, text)
    assert.deepEqual(program(text).estimate(), { min, max }, text)
  }
})

test('asking for the type of a value is as dear as comparing the value, for any other type there is no bound', () => {
  const perCallMost = 10_000_000
  assert.ok(program('type(self.port) == int').estimate().max < perCallMost)
  assert.ok(program('type(self.port) == string || type(self.name) != bool').estimate().max < perCallMost)
  assert.ok(program('type(self.port) == type(1)').estimate().max > perCallMost)
})

test('no run costs more than the estimate promises', () => {
  // Nothing is promised about what has no schema.
  for (const text of truths.filter((some) => !some.includes('object.') && !some.includes('dyn('))) {
    const outcome = run(text)
    // Upstream estimates the comparison of a declared number at nothing, and charges one.
    const comparisons = text.split(/[=!]=/).length - 1
    const { max } = program(text).estimate()
    assert.ok(outcome.cost <= max + comparisons, `${text}: ${outcome.cost} > ${max}`)
  }
})

test('an expression that costs too much is ended', () => {
  const nested = 'lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, a + b + c >= 0)))'
  const outcome = run(nested)
  assert.deepEqual('failure' in outcome && outcome.failure, {
    kind: 'cost-limit',
    message: 'operation cancelled: actual cost limit exceeded',
  })
})

test('an expression that nobody waits for is ended', () => {
  const signal = AbortSignal.abort()
  const outcome = program('lists.range(1000).all(a, a >= 0)').evaluate({}, { costLimit: perCallLimit, signal })
  assert.deepEqual('failure' in outcome && outcome.failure, { kind: 'cancelled', message: 'operation interrupted' })
})

test('hostile expressions neither hang nor overflow', () => {
  assert.match(problem(`${'('.repeat(5000)}1`), /recursion limit/)
  assert.match(problem(`${'['.repeat(300)}${']'.repeat(300)}`), /recursion limit/)
  assert.match(problem(`1${'+1'.repeat(20_000)}`), /recursion/)
  assert.equal(problem(`true${' && true'.repeat(10_000)}`), 'compiles')
  assert.match(problem('a'.repeat(100_001)), /code point size exceeds limit: size: 100001, limit 100000/)
  assert.ok('failure' in run('lists.range(100000000).size() > 0'))
  assert.ok(
    'failure' in
      run(
        'lists.range(300).map(i, "aaaaaaaaaaaaaaaaaaaaaaaaaaaa").join(lists.range(3000).map(i, "bbbbbbbbbbbbbbbbb").join("")).size() > 0',
        1000,
      ),
  )
})

test('a variable is asked for only when an expression names it', () => {
  const { program: compiled } = compileCel('true || self.replicas > 0', environment) as { program: CelProgram }
  const asked = (): never => assert.fail('asked for')
  assert.equal(compiled.uses('self'), true)
  assert.equal(compiled.uses('oldSelf'), false)
  assert.deepEqual(compiled.evaluate({ self: asked }, { costLimit: 100 }), { value: true, cost: 0 })
})

test('results become JSON', () => {
  const mixed = run(
    '{"a": dyn([dyn(1), dyn(2u), dyn(1.5)]), "b": dyn(timestamp("2020-01-01T00:00:00Z")), "c": dyn(null), "d": dyn(b"hi")}',
  )
  assert.deepEqual('value' in mixed ? celToJson(mixed.value) : mixed, {
    a: [1, 2, 1.5],
    b: '2020-01-01T00:00:00Z',
    c: null,
    d: 'aGk=',
  })
})

test('an authorizer is asked what the expression asks', () => {
  const text = 'authorizer.group("apps").resource("deployments").namespace("ns").name("web").check("get").allowed()'
  const { program: compiled } = compileCel(text, environment) as { program: CelProgram }
  const questions: unknown[] = []
  const authorizer = celAuthorizer((question) => {
    questions.push(question)
    return { allowed: question.verb === 'get', reason: '' }
  })
  const outcome = compiled.evaluate({ authorizer }, { costLimit: perCallLimit })
  assert.equal('value' in outcome && outcome.value, true)
  assert.equal(outcome.cost, 350_006)
  assert.deepEqual(questions, [
    {
      serviceAccount: undefined,
      verb: 'get',
      path: '',
      resource: {
        group: 'apps',
        resource: 'deployments',
        subresource: '',
        namespace: 'ns',
        name: 'web',
        fieldSelector: '',
        labelSelector: '',
      },
    },
  ])
})
