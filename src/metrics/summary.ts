/** A summary with quantiles over the last ten minutes, as Go's Prometheus client has them (acme.md §14). */
import type { MetricDescription } from './catalogue.ts';
import { number } from './exposition.ts';
import { Family } from './registry.ts';

const quantiles = [0.5, 0.9, 0.99] as const;
const windowMs = 10 * 60_000;
/** The latest of a series: enough for the quantiles of a CA, which is not asked often, and no more memory than that. */
const kept = 128;

interface Observations {
  sum: number;
  count: number;
  /** Rings of the latest values and their times. */
  values: number[];
  times: number[];
}

export class Summary extends Family<Observations> {
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(description: MetricDescription, refused: () => void, now: () => number) {
    super(description, refused);
    this.#now = now;
  }

  observe(labels: readonly string[], seconds: number): void {
    const { value } = this.of(labels);
    const at = value.count % kept;
    value.values[at] = seconds;
    value.times[at] = this.#now();
    value.sum += seconds;
    value.count++;
  }

  protected override empty(): Observations {
    return { sum: 0, count: 0, values: [], times: [] };
  }

  protected override samples(labels: string, { sum, count, values, times }: Observations): string {
    const { name } = this.description;
    const now = this.#now();
    // A clock that was set back makes no observation older or younger than it can be.
    const recent = values.filter((_, i) => Math.abs(now - times[i]!) <= windowMs).toSorted((a, b) => a - b);
    let text = '';
    for (const quantile of quantiles) {
      const value = recent[Math.max(0, Math.ceil(quantile * recent.length) - 1)] ?? NaN;
      text += `${name}{${labels.slice(1, -1)},quantile="${quantile}"} ${number(value)}\n`;
    }
    return `${text}${name}_sum${labels} ${number(sum)}\n${name}_count${labels} ${count}\n`;
  }
}
