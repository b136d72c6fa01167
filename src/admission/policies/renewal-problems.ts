/** Rules of lifetime and renewal windows (spec/api.md §9) in CEL. */
import { defaultDuration, minimumDuration, minimumRenewBefore } from '../../api/limits.ts';
import type { Validation } from './admission-policy.ts';
import { Place } from './place.ts';
import * as patterns from './patterns.ts';
import { each, invalid, invalidValue, matches, required, shown, when, type Problem } from './problems.ts';
import { durationProblem, isDuration } from './reference-problems.ts';

const seconds = (milliseconds: number) => `${milliseconds / 1000}s`;

export function renewalProblems(spec: Place): Problem[] {
  const [length, before] = [spec.at('duration'), spec.at('renewBefore')];
  const percentage = spec.at('renewBeforePercentage');
  const total = `duration(${length.or(`'${seconds(defaultDuration)}'`)})`;
  const readable = [length, before]
    .map((place) => `(${place.absent} || ${isDuration(place.text)})`)
    .join(' && ');
  // cert-manager leaves a lone renewBeforePercentage unchecked, so objects with any value of it exist.
  const asked = `(${readable} && (${length.present} || ${before.present}))`;
  const left = `${total}.getSeconds() * (100 - ${percentage.number})`;
  return [
    durationProblem(length),
    durationProblem(before),
    when(
      `${asked} && ${total} < duration('${seconds(minimumDuration)}')`,
      invalid(length, 'must be at least 1h0m0s'),
    ),
    when(
      `${asked} && ${before.present} && duration(${before.text}) < duration('${seconds(minimumRenewBefore)}')`,
      invalid(before, 'must be at least 5m0s'),
    ),
    when(
      `${asked} && ${before.present} && duration(${before.text}) >= ${total}`,
      invalid(before, 'must be less than the duration ', { cel: length.or("'2160h'") }),
    ),
    // The formula of cert-manager's webhook; the controller computes lifetime * percentage / 100 (api.md §9).
    when(
      `${asked} && ${percentage.present} && ${left} < ${(minimumRenewBefore / 1000) * 100}`,
      invalidValue(
        percentage,
        `string(${percentage.number})`,
        'too close to 100: less than 5m0s of the duration would be used before renewal',
      ),
    ),
    when(
      `${asked} && ${percentage.present} && ${percentage.number} <= 0`,
      invalidValue(percentage, `string(${percentage.number})`, 'must be more than 0'),
    ),
    each(spec.at('renewal', 'windows'), ['i', 'w'], windowProblems),
  ];
}

function windowProblems(window: Place): Problem[] {
  const [length, zone, cron] = [window.at('windowDuration'), window.at('timezone'), window.at('cron')];
  return [
    // Its pattern is in the schema.
    when(
      `!${isDuration(length.text)} || duration(${length.text}) <= duration('0s')`,
      required(length, 'must be specified and greater than 0'),
    ),
    when(
      `${zone.isSet} && !${matches(zone.text, patterns.timeZone)}`,
      invalid(zone, 'is no IANA time zone, such as UTC or Europe/Berlin'),
    ),
    when(
      `size(${cron.text}) > 1024 || !${matches(cron.text, patterns.cron)}`,
      invalidValue(
        cron,
        shown(cron.text),
        'invalid cron syntax: expected minute hour day-of-month month day-of-week',
      ),
    ),
  ];
}

/** CEL knows the time zones, but fails where one does not exist: the message is then the API server's own. */
export function timeZonesExist(spec: Place): Validation {
  const windows = spec.at('renewal', 'windows');
  const zone = new Place('w').at('timezone');
  return {
    expression: `${windows.items}.all(w, ${zone.isEmpty} || !${matches(zone.text, patterns.timeZone)} || timestamp('2026-01-01T00:00:00Z').getHours(${zone.text}) >= 0)`,
    message: 'spec.renewal.windows: each timezone must be an IANA time zone, such as UTC or Europe/Berlin',
    reason: 'Forbidden',
  };
}
