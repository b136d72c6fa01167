/** What one metric is: name, type, labels, help. */

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface MetricDescription {
  name: string;
  type: MetricType;
  /** Sorted, as they are written. */
  labels: readonly string[];
  help: string;
  /** What bounds the number of series. */
  series: string;
}
