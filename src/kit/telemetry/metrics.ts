/** Counters, gauges and histograms, and their Prometheus text form (exposition format 0.0.4). */

export type MetricLabels = Readonly<Record<string, string>>

export interface Counter {
  /** Adds `amount` (1 unless told, never negative). */
  add(labels?: MetricLabels, amount?: number): void
  value(labels?: MetricLabels): number
  /** One series, found once, for places that count often. */
  bind(labels: MetricLabels): { readonly add: () => void }
}

export interface Gauge {
  set(value: number, labels?: MetricLabels): void
  add(amount: number, labels?: MetricLabels): void
  value(labels?: MetricLabels): number
}

export interface Histogram {
  observe(value: number, labels?: MetricLabels): void
  count(labels?: MetricLabels): number
  /** One series, found once, for places that observe often. */
  bind(labels: MetricLabels): { readonly observe: (value: number) => void }
}

/** One row of a component's catalogue of metrics. */
export interface MetricSpec {
  /** With unit and, for counters, `_total` last: `gantry_http_requests_total`. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

export interface Metrics {
  counter(spec: MetricSpec): Counter
  gauge(spec: MetricSpec): Gauge
  /** Upper bounds of the buckets, rising; seconds unless the name says otherwise. */
  histogram(spec: MetricSpec, bucketBounds?: readonly number[]): Histogram
  /** A gauge that is asked for when the metrics are read. */
  observe(spec: MetricSpec, read: () => number): void
  /** As `observe`, with labels: every series is asked for when the metrics are read. */
  observeAll(
    spec: MetricSpec,
    type: 'counter' | 'gauge',
    read: () => Iterable<readonly [labels: MetricLabels, value: number]>,
  ): void
  /** Everything in the text form, sorted by name. */
  render(): string
}

/** Bounds in seconds that suit requests and starts. */
export const defaultBucketBounds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Series of one metric at most; more are counted together under the label value `other`. */
const seriesMax = 2000

/** Creates a set of metrics. Asking for the same name again gives the same metric. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>()
  const family = <F extends Family>(spec: MetricSpec, type: string, make: () => F): F => {
    const known = families.get(spec.name)
    if (known !== undefined) {
      if (known.type !== type) throw new Error(`metric ${spec.name} is already a ${known.type}`)
      return known as F
    }
    if (!/^[a-z_][a-z0-9_]*$/.test(spec.name)) throw new Error(`invalid metric name ${spec.name}`)
    const made = make()
    families.set(spec.name, made)
    return made
  }
  return {
    counter: (spec) => family(spec, 'counter', () => new ScalarFamily(spec, 'counter')).asCounter(),
    gauge: (spec) => family(spec, 'gauge', () => new ScalarFamily(spec, 'gauge')).asGauge(),
    histogram: (spec, bounds = defaultBucketBounds) =>
      family(spec, 'histogram', () => new HistogramFamily(spec, bounds)),
    observe: (spec, read) => {
      families.set(spec.name, {
        type: 'gauge',
        render: () => [...heading(spec, 'gauge'), `${spec.name} ${formatNumber(read())}`],
      })
    },
    observeAll: (spec, type, read) => {
      families.set(spec.name, {
        type,
        render: () => {
          const family = new ScalarFamily(spec, 'gauge')
          const gauge = family.asGauge()
          for (const [labels, value] of read()) gauge.set(value, labels)
          return [...heading(spec, type), ...family.lines()]
        },
      })
    },
    render: () => {
      const names = [...families.keys()].toSorted()
      return `${names.flatMap((name) => families.get(name)?.render() ?? []).join('\n')}\n`
    },
  }
}

interface Family {
  readonly type: string
  render(): string[]
}

function heading(spec: MetricSpec, type: string): string[] {
  const help = spec.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return [`# HELP ${spec.name} ${help}`, `# TYPE ${spec.name} ${type}`]
}

/** Values by their label text; the number of series is bounded. */
class Series<T> {
  readonly #labels: readonly string[]
  readonly #make: () => T
  readonly #byText = new Map<string, T>()

  constructor(labels: readonly string[], make: () => T) {
    this.#labels = labels
    this.#make = make
  }

  at(labels: MetricLabels | undefined): T {
    let text = this.#textOf(labels)
    let value = this.#byText.get(text)
    if (value !== undefined) return value
    if (this.#byText.size >= seriesMax) {
      text = this.#textOf(Object.fromEntries(this.#labels.map((name) => [name, 'other'])))
      value = this.#byText.get(text)
      if (value !== undefined) return value
    }
    value = this.#make()
    this.#byText.set(text, value)
    return value
  }

  entries(): IterableIterator<[string, T]> {
    return this.#byText.entries()
  }

  #textOf(labels: MetricLabels | undefined): string {
    let text = ''
    for (const name of this.#labels) text += `${text === '' ? '' : ','}${name}="${escapeLabel(labels?.[name] ?? '')}"`
    return text
  }
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

class ScalarFamily implements Family {
  readonly type: 'counter' | 'gauge'
  readonly #spec: MetricSpec
  readonly #series: Series<{ value: number }>

  constructor(spec: MetricSpec, type: 'counter' | 'gauge') {
    this.type = type
    this.#spec = spec
    this.#series = new Series(spec.labels ?? [], () => ({ value: 0 }))
    if ((spec.labels ?? []).length === 0) this.#series.at(undefined)
  }

  asCounter(): Counter {
    return {
      add: (labels, amount = 1) => {
        if (amount > 0) this.#series.at(labels).value += amount
      },
      value: (labels) => this.#series.at(labels).value,
      bind: (labels) => {
        const series = this.#series.at(labels)
        return { add: () => void series.value++ }
      },
    }
  }

  asGauge(): Gauge {
    return {
      set: (value, labels) => {
        this.#series.at(labels).value = value
      },
      add: (amount, labels) => {
        this.#series.at(labels).value += amount
      },
      value: (labels) => this.#series.at(labels).value,
    }
  }

  render(): string[] {
    return [...heading(this.#spec, this.type), ...this.lines()]
  }

  lines(): string[] {
    return Array.from(
      this.#series.entries(),
      ([text, { value }]) => `${this.#spec.name}${text === '' ? '' : `{${text}}`} ${formatNumber(value)}`,
    )
  }
}

class HistogramFamily implements Family, Histogram {
  readonly type = 'histogram'
  readonly #spec: MetricSpec
  readonly #bounds: readonly number[]
  readonly #series: Series<{ readonly counts: number[]; sum: number; count: number }>

  constructor(spec: MetricSpec, bounds: readonly number[]) {
    this.#spec = spec
    this.#bounds = bounds
    this.#series = new Series(spec.labels ?? [], () => ({ counts: bounds.map(() => 0), sum: 0, count: 0 }))
  }

  observe(value: number, labels: MetricLabels = {}): void {
    this.bind(labels).observe(value)
  }

  bind(labels: MetricLabels): { readonly observe: (value: number) => void } {
    const series = this.#series.at(labels)
    return { observe: (value) => this.#record(series, value) }
  }

  #record(series: { readonly counts: number[]; sum: number; count: number }, value: number): void {
    series.count++
    series.sum += value
    const bucket = this.#bounds.findIndex((bound) => value <= bound)
    if (bucket >= 0) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
  }

  count(labels?: MetricLabels): number {
    return this.#series.at(labels).count
  }

  render(): string[] {
    const { name } = this.#spec
    const lines = heading(this.#spec, 'histogram')
    for (const [text, series] of this.#series.entries()) {
      const before = text === '' ? '' : `${text},`
      const braces = text === '' ? '' : `{${text}}`
      let total = 0
      for (const [index, bound] of this.#bounds.entries()) {
        total += series.counts[index] ?? 0
        lines.push(`${name}_bucket{${before}le="${formatNumber(bound)}"} ${total}`)
      }
      lines.push(
        `${name}_bucket{${before}le="+Inf"} ${series.count}`,
        `${name}_sum${braces} ${formatNumber(series.sum)}`,
        `${name}_count${braces} ${series.count}`,
      )
    }
    return lines
  }
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}
