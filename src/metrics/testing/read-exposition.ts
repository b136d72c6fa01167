/** Reads Prometheus text (format 0.0.4) back, strictly: what a scraper would refuse or drop fails here. */

export interface Family {
  name: string;
  type: string;
  help: string;
  /** By the sample's whole name (`_bucket`, `_sum` and `_count` of histograms). */
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/s;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/gy;

/** A whole scrape as one text. */
export async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

/** @throws Error for a line that is none, a series told twice, a sample outside its family, a family told twice */
export function readExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: Family | undefined;
  let help = '';
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line) ?? [];
    if (word === 'HELP') {
      help = rest;
      continue;
    }
    if (word === 'TYPE') {
      if (families.has(name)) throw new Error(`${name} is told in two places`);
      families.set(name, (current = { name, type: rest, help, samples: [] }));
      help = '';
      continue;
    }
    const [, sample = '', labelText, value = ''] = sampleLine.exec(line) ?? [];
    if (sample === '') throw new Error(`no line of the format: ${line.slice(0, 200)}`);
    if (current === undefined || !belongs(sample, current))
      throw new Error(`${sample} is outside its family`);
    if (seen.has(sample + (labelText ?? ''))) throw new Error(`told twice: ${sample}${labelText ?? ''}`);
    seen.add(sample + (labelText ?? ''));
    current.samples.push({ name: sample, labels: labelsOf(labelText), value: numberOf(value) });
  }
  return families;
}

function belongs(sample: string, { name, type }: Family): boolean {
  const isAggregate = sample === `${name}_sum` || sample === `${name}_count`;
  if (type === 'histogram') return isAggregate || sample === `${name}_bucket`;
  return sample === name || (type === 'summary' && isAggregate);
}

function labelsOf(text: string | undefined): Record<string, string> {
  const labels: Record<string, string> = {};
  if (text === undefined) return labels;
  const inner = text.slice(1, -1);
  let end = 0;
  for (const match of inner.matchAll(labelPair)) {
    labels[match[1]!] = match[2]!.replaceAll(/\\(.)/g, (_all, c: string) => (c === 'n' ? '\n' : c));
    end = match.index + match[0].length;
  }
  if (end !== inner.length) throw new Error(`labels cannot be read: ${text.slice(0, 200)}`);
  return labels;
}

function numberOf(text: string): number {
  if (text === '+Inf') return Infinity;
  // A quantile of nothing.
  if (text === 'NaN') return NaN;
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error(`no number: ${text}`);
  return value;
}
