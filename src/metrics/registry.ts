/** Counters and histograms with a bound on their series: what a metric is told beyond it goes to labels of `other`. */
import type { MetricDescription } from './catalogue.ts';
import { header, labelText, number } from './exposition.ts';

/** Every label here comes from our own code; this only keeps a fault of ours from filling the memory. */
const mostSeries = 500;

/** Seconds. From a tenth of what an in-process API answers in, to what nobody should wait for. */
export const secondsBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

interface Series<T> {
  /** Rendered once: `a="1",b="2"` in braces. */
  labels: string;
  value: T;
}

/** Series of one metric, each with a value of its own kind. */
export abstract class Family<T> {
  readonly description: MetricDescription;
  readonly #refused: () => void;
  protected readonly series = new Map<string, Series<T>>();

  constructor(description: MetricDescription, refused: () => void) {
    this.description = description;
    this.#refused = refused;
  }

  protected abstract empty(): T;
  protected abstract samples(labels: string, value: T): string;

  protected of(values: readonly string[]): Series<T> {
    let key = values[0] ?? '';
    for (let i = 1; i < values.length; i++) key += `\0${values[i]}`;
    const known = this.series.get(key);
    if (known !== undefined) return known;
    const { labels } = this.description;
    if (this.series.size >= mostSeries) {
      this.#refused();
      const rest = labels.map(() => 'other');
      const shared = this.series.get(rest.join('\0'));
      if (shared !== undefined) return shared;
      return this.#add(rest.join('\0'), rest);
    }
    return this.#add(key, values);
  }

  #add(key: string, values: readonly string[]): Series<T> {
    const made = { labels: labelText(this.description.labels, values), value: this.empty() };
    this.series.set(key, made);
    return made;
  }

  /** Nothing while nothing has been told: a name without data would look like a stub. */
  render(): string {
    if (this.series.size === 0) return '';
    let text = header(this.description);
    for (const { labels, value } of this.series.values()) text += this.samples(labels, value);
    return text;
  }
}

export class Counter extends Family<number> {
  /** @param values in the order of the description's labels */
  add(values: readonly string[], by = 1): void {
    this.of(values).value += by;
  }

  protected override empty(): number {
    return 0;
  }
  protected override samples(labels: string, value: number): string {
    return `${this.description.name}${labels} ${number(value)}\n`;
  }
}

interface Distribution {
  /** Of each bucket alone; the last is beyond all bounds. */
  counts: number[];
  sum: number;
}

export class Histogram extends Family<Distribution> {
  observe(values: readonly string[], seconds: number): void {
    const { value } = this.of(values);
    let i = 0;
    while (i < secondsBuckets.length && seconds > secondsBuckets[i]!) i++;
    value.counts[i]!++;
    value.sum += seconds;
  }

  protected override empty(): Distribution {
    return { counts: Array.from({ length: secondsBuckets.length + 1 }, () => 0), sum: 0 };
  }
  protected override samples(labels: string, { counts, sum }: Distribution): string {
    const { name } = this.description;
    const inner = labels === '' ? '' : `${labels.slice(1, -1)},`;
    let text = '';
    let total = 0;
    counts.forEach((count, i) => {
      total += count;
      text += `${name}_bucket{${inner}le="${number(secondsBuckets[i] ?? Infinity)}"} ${total}\n`;
    });
    return `${text}${name}_sum${labels} ${number(sum)}\n${name}_count${labels} ${total}\n`;
  }
}
