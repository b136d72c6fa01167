/** Validation of key settings and of the signature algorithm that has to fit them (spec/api.md §6). */
import { privateKeyAlgorithms, signatureAlgorithmsByKey } from '../api/enumerations.ts';
import { ecdsaBits, maximumRsaBits, minimumRsaBits } from '../api/limits.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

export function validatePrivateKey(spec: Field, errors: FieldErrors): void {
  const key = spec.at('privateKey');
  const size = key.at('size');
  const bits = size.number ?? 0;
  const named = key.at('algorithm').text;
  const algorithm = privateKeyAlgorithms.find((known) => known === (named === '' ? 'RSA' : named));
  if (algorithm === undefined) {
    errors.invalid(key.at('algorithm'), `must be empty or one of ${privateKeyAlgorithms.join(', ')}`);
    return;
  }
  // Zero and below mean the default size.
  if (algorithm === 'RSA' && bits > 0 && (bits < minimumRsaBits || bits > maximumRsaBits)) {
    errors.invalid(size, `must be between ${minimumRsaBits} and ${maximumRsaBits} for RSA`);
  }
  if (algorithm === 'ECDSA' && bits > 0 && !ecdsaBits.some((known) => known === bits)) {
    errors.notSupported(size, ecdsaBits);
  }
  const signature = spec.at('signatureAlgorithm');
  const fitting: readonly string[] = signatureAlgorithmsByKey[algorithm];
  if (signature.text !== '' && !fitting.includes(signature.text)) {
    errors.invalid(
      signature,
      `for key algorithm ${algorithm} the allowed signature algorithms are [${fitting.join(' ')}]`,
    );
  }
}
