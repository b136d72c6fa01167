/** Settings that several components read the same way: listen addresses and the times of a lease. */
import { formatDuration } from '../../api/duration.ts';
import { UsageError } from '../errors.ts';
import { endpoint, type Endpoint } from '../option-values.ts';

export interface ListenAddress {
  /** What messages call the setting. */
  setting: string;
  address: Endpoint;
}

interface Named<Values> {
  values: Values;
  nameOf: (flag: never) => string;
}

/** Undefined for `0` and for nothing: do not listen. `:9402` is every address, as in Go. @throws UsageError */
export function readListenAddress<Flag extends string>(
  settings: Named<Readonly<Record<Flag, string>>>,
  flag: Flag,
): ListenAddress | undefined {
  const value = settings.values[flag];
  if (value === '' || value === '0') return undefined;
  const setting = settings.nameOf(flag as never);
  const address = endpoint(setting, value);
  return { setting, address: value.startsWith(':') ? { ...address, host: '::' } : address };
}

type TimeFlag =
  | 'leader-election-lease-duration'
  | 'leader-election-renew-deadline'
  | 'leader-election-retry-period';

export interface LeaderTimes {
  durationMs: number;
  renewDeadlineMs: number;
  retryMs: number;
}

/** client-go waits up to this much longer than the retry period, so that contenders do not meet. */
const jitter = 1.2;

/** @throws UsageError when a holder could not know in time that it lost */
export function readLeaderTimes(settings: Named<Readonly<Record<TimeFlag, number>>>): LeaderTimes {
  const { values } = settings;
  const [durationMs, renewDeadlineMs, retryMs] = [
    values['leader-election-lease-duration'],
    values['leader-election-renew-deadline'],
    values['leader-election-retry-period'],
  ];
  const refuse = (flag: TimeFlag, value: number, remedy: string): UsageError =>
    new UsageError(settings.nameOf(flag as never), formatDuration(value), remedy);
  if (durationMs < 1000)
    throw refuse(
      'leader-election-lease-duration',
      durationMs,
      'a Lease counts whole seconds: write at least 1s',
    );
  if (renewDeadlineMs >= durationMs)
    throw refuse(
      'leader-election-renew-deadline',
      renewDeadlineMs,
      `must be shorter than --leader-election-lease-duration (${formatDuration(durationMs)}): else two instances could work at once`,
    );
  if (retryMs * jitter >= renewDeadlineMs)
    throw refuse(
      'leader-election-retry-period',
      retryMs,
      `must be shorter than --leader-election-renew-deadline (${formatDuration(renewDeadlineMs)}) divided by ${jitter}: else the lease is lost between two attempts`,
    );
  return { durationMs, renewDeadlineMs, retryMs };
}
