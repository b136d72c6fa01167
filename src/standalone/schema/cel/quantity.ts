/** Kubernetes' quantity library: `quantity("1.5Gi").isGreaterThan(quantity("1G"))`. */
import type { Environment } from '@marcbachmann/cel-js';
import { Quantity } from './library-types.ts';
import { RuleError } from './rule-error.ts';

const unit = 1_000_000_000n;
const scales: ReadonlyMap<string, readonly [bigint, bigint]> = new Map<string, readonly [bigint, bigint]>([
  ['n', [1n, 1_000_000_000n]],
  ['u', [1n, 1_000_000n]],
  ['m', [1n, 1000n]],
  ['', [1n, 1n]],
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((name, i): [string, readonly [bigint, bigint]] => [
    name,
    [1000n ** BigInt(i + 1), 1n],
  ]),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((name, i): [string, readonly [bigint, bigint]] => [
    name,
    [1024n ** BigInt(i + 1), 1n],
  ]),
]);

function parse(text: string): Quantity | undefined {
  const found = /^([+-]?)(\d{1,30})?(?:\.(\d{0,30}))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/.exec(
    text.slice(0, 128),
  );
  const digits = (found?.[2] ?? '') + (found?.[3] ?? '');
  if (found === null || digits === '') return undefined;
  const [times, per] = scales.get(found[4] ?? '') ?? [1n, 1n];
  const exponent = Number(found[5] ?? 0) - (found[3] ?? '').length;
  const raised = BigInt(digits) * unit * times * 10n ** BigInt(Math.max(0, exponent));
  const nanos = raised / (per * 10n ** BigInt(Math.max(0, -exponent)));
  return new Quantity(found[1] === '-' ? -nanos : nanos);
}

function parsed(text: string): Quantity {
  const quantity = parse(text);
  if (quantity === undefined) throw new RuleError(`${JSON.stringify(text.slice(0, 64))} is no quantity`);
  return quantity;
}

function sign(value: bigint): bigint {
  return value === 0n ? 0n : value > 0n ? 1n : -1n;
}

export function registerQuantity(environment: Environment): void {
  environment
    .registerType('kubernetes.Quantity', Quantity)
    .registerFunction('isQuantity(string): bool', (text: string) => parse(text) !== undefined)
    .registerFunction('quantity(string): kubernetes.Quantity', parsed)
    .registerFunction('kubernetes.Quantity.sign(): int', (a: Quantity) => sign(a.nanos))
    .registerFunction('kubernetes.Quantity.isInteger(): bool', (a: Quantity) => a.nanos % unit === 0n)
    .registerFunction('kubernetes.Quantity.asInteger(): int', (a: Quantity) => {
      if (a.nanos % unit !== 0n) throw new RuleError('the quantity is no integer');
      return a.nanos / unit;
    })
    .registerFunction(
      'kubernetes.Quantity.asApproximateFloat(): double',
      (a: Quantity) => Number(a.nanos) / 1e9,
    );
  const two = (name: string, result: string, work: (a: bigint, b: bigint) => unknown): void => {
    environment.registerFunction(
      `kubernetes.Quantity.${name}(kubernetes.Quantity): ${result}`,
      (a: Quantity, b: Quantity) => work(a.nanos, b.nanos),
    );
  };
  two('compareTo', 'int', (a, b) => sign(a - b));
  two('isLessThan', 'bool', (a, b) => a < b);
  two('isGreaterThan', 'bool', (a, b) => a > b);
  two('add', 'kubernetes.Quantity', (a, b) => new Quantity(a + b));
  two('sub', 'kubernetes.Quantity', (a, b) => new Quantity(a - b));
}
