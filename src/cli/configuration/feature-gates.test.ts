/** Every gate of spec/operations.md §7: honoured, or said to make no difference. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gates, readFeatureGates } from './feature-gates.ts';

for (const gate of gates) {
  for (const component of gate.components) {
    test(`${component}: ${gate.name}`, () => {
      assert.deepEqual(readFeatureGates(component, { [gate.name]: gate.default }).warnings, []);
      const other = { [gate.name]: !gate.default };
      if (gate.stage === 'GA') {
        assert.throws(() => readFeatureGates(component, other), /cannot be switched off/);
        return;
      }
      const { warnings } = readFeatureGates(component, other);
      assert.equal(warnings.length, gate.withoutEffect === undefined ? 0 : 1);
    });
  }
}

test('an unknown gate is refused, and a near one is proposed', () => {
  assert.throws(
    () => readFeatureGates('controller', { ListenerSet: true }),
    /"ListenerSet".*is ListenerSets meant/,
  );
  assert.throws(
    () => readFeatureGates('cainjector', { ListenerSets: true }),
    /cainjector has no such feature gate/,
  );
});

test('AllAlpha and AllBeta set what is not set by name', () => {
  const { isEnabled } = readFeatureGates('controller', { AllAlpha: true, ListenerSets: false });
  assert.equal(isEnabled('ExperimentalCertificateSigningRequestControllers'), true);
  assert.equal(isEnabled('ListenerSets'), false);
  assert.equal(
    readFeatureGates('controller', { AllBeta: false }).isEnabled('ExperimentalGatewayAPISupport'),
    false,
  );
});
