/** Certificates and what is to be said of them: lifetime and renewal. */
import { creations, type AdmissionCase } from './admission-case.ts';
import { certificateBase } from './certificate-cases.ts';

const window = { cron: '0 2 * * *', timezone: 'Europe/Berlin', windowDuration: '2h30m' };
const windows = (change: object) => ({
  renewal: { policy: 'RenewBefore', windows: [window, { ...window, ...change }] },
});

const cases: [string, object, string[]][] = [
  ['90 days', { duration: '2160h', renewBefore: '360h' }, []],
  ['one hour exactly', { duration: '1h' }, []],
  [
    'a nanosecond less',
    { duration: '59m59.999999999s' },
    ['spec.duration: Invalid value: "59m59.999999999s": '],
  ],
  ['half an hour', { duration: '30m' }, ['spec.duration: Invalid value: "30m": ']],
  ['negative', { duration: '-2160h' }, ['spec.duration: Invalid value: "-2160h": ']],
  ['five minutes before', { renewBefore: '5m' }, []],
  ['four minutes before', { renewBefore: '4m' }, ['spec.renewBefore: Invalid value: "4m": ']],
  [
    'as long as the duration',
    { duration: '2h', renewBefore: '120m' },
    ['spec.renewBefore: Invalid value: "120m": '],
  ],
  [
    'longer than the default duration',
    { renewBefore: '2160h' },
    ['spec.renewBefore: Invalid value: "2160h": '],
  ],
  [
    'too short both ways',
    { duration: '1m', renewBefore: '2m' },
    ['spec.duration: ', 'spec.renewBefore: Invalid value: "2m": must be at least', 'spec.renewBefore: '],
  ],
  [
    'time and percentage',
    { renewBefore: '360h', renewBeforePercentage: 30 },
    ['spec.renewBefore: Invalid value: "360h": ', 'spec.renewBeforePercentage: Invalid value: 30: '],
  ],
  ['percentage with duration', { duration: '100h', renewBeforePercentage: 30 }, []],
  [
    '100 percent',
    { duration: '100h', renewBeforePercentage: 100 },
    ['spec.renewBeforePercentage: Invalid value: 100: '],
  ],
  [
    '0 percent',
    { duration: '100h', renewBeforePercentage: 0 },
    ['spec.renewBeforePercentage: Invalid value: 0: '],
  ],
  [
    'below 0 percent',
    { duration: '100h', renewBeforePercentage: -5 },
    ['spec.renewBeforePercentage: Invalid value: -5: '],
  ],
  [
    '95 percent of one hour leaves 3 minutes',
    { duration: '1h', renewBeforePercentage: 95 },
    ['spec.renewBeforePercentage: '],
  ],
  ['a lone percentage is not checked', { renewBeforePercentage: 100 }, []],
  ['days', { duration: '90d' }, ['spec.duration: Invalid value: "90d": is no duration']],
  ['a number', { renewBefore: 5 }, ['spec.renewBefore: Invalid value: 5: is no duration']],
  ['one revision', { revisionHistoryLimit: 1 }, []],
  ['no revision', { revisionHistoryLimit: 0 }, ['spec.revisionHistoryLimit: Invalid value: 0: ']],
  ['policy Disabled', { renewal: { policy: 'Disabled' } }, []],
  [
    'no policy',
    { renewal: {} },
    ['spec.renewal.policy: Unsupported value: null: supported values: "Disabled", "RenewBefore"'],
  ],
  ['unknown policy', { renewal: { policy: 'Never' } }, ['spec.renewal.policy: Unsupported value: "Never": ']],
  ['windows', windows({}), []],
  ['windows without zone', windows({ timezone: undefined, cron: '@daily' }), []],
  [
    'windows with Disabled',
    { renewal: { policy: 'Disabled', windows: [window] } },
    ['spec.renewal.windows: Forbidden: '],
  ],
  [
    'no window length',
    windows({ windowDuration: undefined }),
    ['spec.renewal.windows[1].windowDuration: Required value: '],
  ],
  [
    'empty window',
    windows({ windowDuration: '0s' }),
    ['spec.renewal.windows[1].windowDuration: Required value: '],
  ],
  [
    'unknown zone',
    windows({ timezone: 'Mars/Olympus' }),
    ['spec.renewal.windows[1].timezone: Invalid value: "Mars/Olympus": '],
  ],
  [
    'offset as zone',
    windows({ timezone: '+01:00' }),
    ['spec.renewal.windows[1].timezone: Invalid value: "+01:00": '],
  ],
  [
    'Sunday as 7',
    windows({ cron: '0 0 * * 7' }),
    ['spec.renewal.windows[1].cron: Invalid value: "0 0 * * 7": invalid cron syntax: '],
  ],
  [
    'no cron',
    windows({ cron: undefined }),
    ['spec.renewal.windows[1].cron: Invalid value: null: invalid cron syntax: '],
  ],
  ['zone in cron', windows({ cron: 'TZ=UTC 0 0 * * *' }), ['spec.renewal.windows[1].cron: Invalid value: ']],
];

export const renewalCases: AdmissionCase[] = creations(
  'Certificate',
  'certificate: renewal',
  cases.map(([title, change, expected]) => [title, { ...certificateBase, ...change }, expected] as const),
);
