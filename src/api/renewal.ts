/** When a Certificate may be renewed: policy and windows. */
import { renewalPolicies } from './enumerations.ts';
import { list, object, oneOf, optional, rules, text, type Static } from './schema.ts';

export const renewalWindowSchema = object('A recurring span of time in which renewal is allowed.', {
  cron: text(
    'Start of the window: minute hour day-of-month month day-of-week (0-6, 0 is Sunday), or a descriptor such as @daily.',
    { minLength: 1 },
  ),
  timezone: optional(
    text('IANA time zone that cron is read in, for example Europe/Berlin. Default: UTC.', { minLength: 1 }),
  ),
  windowDuration: text(
    'Length of the window in hours, minutes and seconds, for example 2h30m. More than zero.',
    {
      pattern: '^([0-9]+(\\.[0-9]+)?(s|m|h))+$',
    },
  ),
});

export const renewalSchema = object(
  'When the certificate may be renewed. Absent: as soon as renewBefore says.',
  {
    policy: optional(
      oneOf(
        renewalPolicies,
        'RenewBefore: at the time that renewBefore gives, moved into a window if there are any. Disabled: never because of time; changes of the spec still re-issue. Required here.',
      ),
    ),
    windows: optional(list(renewalWindowSchema, 'Allowed windows. Must be absent with policy Disabled.')),
  },
  rules(
    {
      rule: 'has(self.policy)',
      message: 'set policy to RenewBefore or Disabled',
      reason: 'FieldValueRequired',
      fieldPath: '.policy',
    },
    {
      rule: "!(has(self.policy) && self.policy == 'Disabled' && has(self.windows) && size(self.windows) > 0)",
      message: 'windows mean nothing with policy Disabled; remove them or set policy to RenewBefore',
      reason: 'FieldValueForbidden',
      fieldPath: '.windows',
    },
  ),
);

export interface RenewalWindow extends Static<typeof renewalWindowSchema> {}
export interface Renewal extends Static<typeof renewalSchema> {}
