/** Lifecycle §9 once more, in its own words, for tests: minutes are tried one by one, no cron library. */
import type { CertificateSpec } from '../../api/certificate.ts';

const second = 1000;
const hour = 3_600_000;

/** When a window of the Certificate opens, said without cron. */
export interface Opening {
  opens: (minute: Date) => boolean;
  windowMs: number;
}

/** Milliseconds since the epoch; undefined: never. `spec.renewBefore` is read in whole hours (`5h`). */
export function expectedRenewal(
  notBefore: number,
  notAfter: number,
  spec: Partial<CertificateSpec>,
  opening?: Opening,
): number | undefined {
  if (spec.renewal?.policy === 'Disabled') return undefined;
  const life = notAfter - notBefore;
  let before = life / 3;
  if (spec.renewBeforePercentage !== undefined) before = life * (spec.renewBeforePercentage / 100);
  if (spec.renewBefore !== undefined) {
    const asked = Number(spec.renewBefore.replace('h', '')) * hour;
    if (asked < life) before = asked;
  }
  const desired = Math.floor((notAfter - before) / second) * second;
  if (opening === undefined) return desired;
  const { opens, windowMs } = opening;
  for (
    let minute = Math.ceil((desired - windowMs) / 60_000) * 60_000;
    minute <= notAfter + windowMs;
    minute += 60_000
  ) {
    if (opens(new Date(minute))) return minute <= desired ? desired : minute;
  }
  return desired;
}
