/** `--controllers`: what is switched off is left to others, and the rest still works. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControllerName } from '../api/components.ts';
import { defaultControllerOptions, signsFor } from './context.ts';

test('a signer is switched off by its name, and no other with it', () => {
  const options = {
    ...defaultControllerOptions,
    disabled: new Set<ControllerName>(['certificaterequests-issuer-ca']),
  };
  assert.equal(signsFor(options, 'ca'), false);
  assert.equal(signsFor(options, 'selfsigned'), true);
  assert.equal(signsFor(defaultControllerOptions, 'ca'), true);
});
