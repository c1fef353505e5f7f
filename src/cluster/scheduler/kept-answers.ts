/**
 * What plugins said of nodes, kept for the next pod that asks the same: an answer stands until its node changes. Pods of a
 * workload are alike and a binding changes one node, so most of what a cycle asks has been answered in the one before.
 */
import { LruCache } from '#base/data/lru-cache.ts'
import type { Rejection } from './rejection.ts'

/** The first filter that says no to a node. */
export interface NodeRejection {
  readonly plugin: string
  readonly rejection: Rejection
}

/** Answers to one question, by the node's row. */
export class NodeAnswers<T> {
  #versions = new Float64Array(64)
  readonly #values: T[] = []

  /** True when the answer about a row was given for this version of its node (`NodeTable.versions`, from 1 on). */
  has(row: number, version: number): boolean {
    return this.#versions[row] === version
  }

  /** The answer about a row that `has` was true for. */
  get(row: number): T {
    return this.#values[row] as T
  }

  set(row: number, version: number, value: T): void {
    if (row >= this.#versions.length) {
      const larger = new Float64Array(2 ** Math.ceil(Math.log2(row + 1)))
      larger.set(this.#versions)
      this.#versions = larger
    }
    // Without holes the numbers of a list lie side by side.
    while (this.#values.length < row) this.#values.push(value)
    this.#versions[row] = version
    this.#values[row] = value
  }
}

/** Questions kept at once; the one not asked for the longest time is forgotten. */
const keptMost = 64

/** The answers that the plugins of one profile gave. */
export class KeptAnswers {
  readonly #verdicts = new LruCache<string, NodeAnswers<NodeRejection | undefined>>({ capacity: keptMost })
  readonly #scores = new LruCache<string, NodeAnswers<number>>({ capacity: keptMost })

  /** What the filters say together; `question` names all of them with what they asked for. */
  verdicts(question: string): NodeAnswers<NodeRejection | undefined> {
    return kept(this.#verdicts, question)
  }

  /** What one plugin scores, before normalizing. */
  scores(question: string): NodeAnswers<number> {
    return kept(this.#scores, question)
  }
}

function kept<T>(answers: LruCache<string, NodeAnswers<T>>, question: string): NodeAnswers<T> {
  const known = answers.get(question)
  if (known !== undefined) return known
  const made = new NodeAnswers<T>()
  answers.set(question, made)
  return made
}
