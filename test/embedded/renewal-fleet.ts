/** The mixed fleet of the 400 days, with windows said once as cron and once without. */
import type { CertificateSpec } from '../../src/api/certificate.ts';
import type { Opening } from '../../src/controllers/testing/expected-renewal.ts';
import { externalRef } from './renewal-world.ts';

export interface Member {
  name: string;
  spec: Partial<CertificateSpec>;
  opening?: Opening;
  external?: boolean;
}

const hour = 3_600_000;

/** `weekday` (0: Sunday) absent: every day. */
function localTime(timeZone: string, wanted: string, weekday?: string): (minute: Date) => boolean {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (minute) => {
    const parts = Object.fromEntries(format.formatToParts(minute).map(({ type, value }) => [type, value]));
    return (
      `${parts['hour']}:${parts['minute']}` === wanted &&
      (weekday === undefined || parts['weekday'] === weekday)
    );
  };
}

export const members: readonly Member[] = [
  { name: 'hourly', spec: { duration: '1h', renewBefore: '20m' } },
  { name: 'daily', spec: { duration: '48h', renewBefore: '5h' } },
  { name: 'percent', spec: { duration: '200h', renewBeforePercentage: 25 } },
  { name: 'five-days', spec: { duration: '120h' } },
  {
    name: 'kept-key',
    spec: { duration: '168h', privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' } },
  },
  { name: 'history', spec: { duration: '240h', revisionHistoryLimit: 3 } },
  { name: 'quarter', spec: {} },
  { name: 'people', spec: { duration: '2160h', renewBefore: '360h' } },
  {
    name: 'berlin',
    spec: {
      duration: '240h',
      renewal: {
        policy: 'RenewBefore',
        windows: [{ cron: '15 4 * * *', timezone: 'Europe/Berlin', windowDuration: '2h' }],
      },
    },
    opening: { opens: localTime('Europe/Berlin', '04:15'), windowMs: 2 * hour },
  },
  {
    name: 'new-york',
    spec: {
      duration: '720h',
      renewal: {
        policy: 'RenewBefore',
        windows: [{ cron: '30 5 * * 0', timezone: 'America/New_York', windowDuration: '1h' }],
      },
    },
    opening: { opens: localTime('America/New_York', '05:30', 'Sun'), windowMs: hour },
  },
  { name: 'disabled', spec: { duration: '720h', renewal: { policy: 'Disabled' } } },
  { name: 'year', spec: { duration: '8760h' } },
  { name: 'decade', spec: { duration: '87600h' } },
  { name: 'partner-week', spec: { duration: '168h', issuerRef: externalRef }, external: true },
  { name: 'partner-month', spec: { duration: '720h', issuerRef: externalRef }, external: true },
];
