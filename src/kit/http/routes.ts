/**
 * Route tables as data, and the matcher behind them. A path is literal segments, `{name}` for one segment and
 * `{name...}` for one or more (as many as possible): `/images/{name...}/json`. What an unknown path or a wrong
 * method means is the caller's to say: Docker answers 404 to both, Kubernetes 405 to the second.
 */

/** One row of a route table; `handler` is whatever the caller dispatches on. */
export interface Route<Handler> {
  readonly method: string
  readonly path: string
  readonly handler: Handler
}

/** The values of a path's placeholders, percent-decoded. */
export type PathParams = Readonly<Record<string, string>>

export interface RouteMatch<R> {
  readonly route: R
  readonly params: PathParams
}

/** Finds rows of one route table. */
export interface Router<R> {
  /** The row for a method and a path (without query, percent-encoded as sent), or undefined. Literals win over placeholders. */
  match(method: string, path: string): RouteMatch<R> | undefined
  /** The methods that some row offers at a path, sorted; empty when no row has the path. */
  methodsAt(path: string): readonly string[]
}

interface Node<R> {
  readonly literals: Map<string, Node<R>>
  one: Node<R> | undefined
  many: Node<R> | undefined
  readonly rows: Map<string, { route: R; names: readonly string[] }>
}

/**
 * Builds the matcher of a route table.
 * @throws Error on a malformed path or two rows with the same method and shape: a mistake of the table's author.
 */
export function createRouter<R extends Route<unknown>>(routes: readonly R[]): Router<R> {
  const root = createNode<R>()
  for (const route of routes) insert(root, route)
  return {
    match: (method, path) => {
      const segments = splitPath(path)
      if (segments === undefined) return undefined
      const values: string[] = []
      const row = find(root, { segments, method, values }, 0)
      if (row === undefined) return undefined
      return { route: row.route, params: toParams(row.names, values) }
    },
    methodsAt: (path) => {
      const segments = splitPath(path)
      const methods = new Set<string>()
      if (segments !== undefined) collectMethods(root, segments, methods)
      return [...methods].toSorted()
    },
  }
}

function createNode<R>(): Node<R> {
  return { literals: new Map(), one: undefined, many: undefined, rows: new Map() }
}

const placeholder = /^\{([A-Za-z][A-Za-z0-9]*)(\.\.\.)?\}$/

function insert<R extends Route<unknown>>(root: Node<R>, route: R): void {
  if (!route.path.startsWith('/')) throw new Error(`route path must start with a slash: ${route.path}`)
  const names: string[] = []
  let node = root
  for (const segment of route.path.slice(1).split('/')) {
    if (!/[{}]/.test(segment)) {
      node = literalChild(node, segment)
      continue
    }
    const [, name, greedy] = placeholder.exec(segment) ?? []
    if (name === undefined || names.includes(name)) throw new Error(`malformed route path: ${route.path}`)
    names.push(name)
    node = greedy === undefined ? (node.one ??= createNode()) : (node.many ??= createNode())
  }
  if (node.rows.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`)
  node.rows.set(route.method, { route, names })
}

function literalChild<R>(node: Node<R>, segment: string): Node<R> {
  let next = node.literals.get(segment)
  if (next === undefined) node.literals.set(segment, (next = createNode()))
  return next
}

/** The decoded segments of a path, or undefined when its percent-encoding is broken or it is not absolute. */
function splitPath(path: string): string[] | undefined {
  if (path.charCodeAt(0) !== 47) return undefined
  // The path is decoded before it is split: an image name may arrive as library%2Fbusybox.
  if (!path.includes('%')) return path.slice(1).split('/')
  try {
    return decodeURIComponent(path).slice(1).split('/')
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

interface Search {
  readonly segments: readonly string[]
  readonly method: string
  /** Values of the placeholders on the way to the current node. */
  readonly values: string[]
}

function find<R>(node: Node<R>, search: Search, at: number): { route: R; names: readonly string[] } | undefined {
  const { segments, values } = search
  if (at === segments.length) return node.rows.get(search.method)
  const segment = segments[at] ?? ''
  const literal = node.literals.get(segment)
  if (literal !== undefined) {
    const row = find(literal, search, at + 1)
    if (row !== undefined) return row
  }
  if (node.one !== undefined && segment !== '') {
    values.push(segment)
    const row = find(node.one, search, at + 1)
    if (row !== undefined) return row
    values.pop()
  }
  return node.many === undefined ? undefined : findGreedy(node.many, search, at)
}

function findGreedy<R>(node: Node<R>, search: Search, at: number): { route: R; names: readonly string[] } | undefined {
  const { segments, values } = search
  for (let end = segments.length; end > at; end--) {
    const value = segments.slice(at, end).join('/')
    if (value === '' || value.startsWith('/')) continue
    values.push(value)
    const row = find(node, search, end)
    if (row !== undefined) return row
    values.pop()
  }
  return undefined
}

function collectMethods<R>(node: Node<R>, segments: readonly string[], into: Set<string>): void {
  const [segment, ...rest] = segments
  if (segment === undefined) {
    for (const method of node.rows.keys()) into.add(method)
    return
  }
  const literal = node.literals.get(segment)
  if (literal !== undefined) collectMethods(literal, rest, into)
  if (segment === '') return
  if (node.one !== undefined) collectMethods(node.one, rest, into)
  if (node.many === undefined) return
  for (let count = segments.length; count > 0; count--) collectMethods(node.many, segments.slice(count), into)
}

const noParams: PathParams = Object.freeze({})

function toParams(names: readonly string[], values: readonly string[]): PathParams {
  if (names.length === 0) return noParams
  const params: Record<string, string> = {}
  for (let index = 0; index < names.length; index++) params[names[index] ?? ''] = values[index] ?? ''
  return params
}
