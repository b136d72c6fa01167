/** What the kernel says about one process: resident memory and processor time, read from /proc (Linux only). */
import { readFile } from 'node:fs/promises';

export interface ProcessUsage {
  /** Resident set, MiB. */
  rssMiB: number;
  /** Highest resident set so far, MiB. */
  peakRssMiB: number;
  /** Resident and without a file behind it, MiB: the system cannot take it back. */
  anonMiB: number;
  /** User plus system time of all threads, seconds. */
  cpuSeconds: number;
}

/** Linux reports processor time in clock ticks; USER_HZ is 100 on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;

export async function processUsage(pid: number): Promise<ProcessUsage> {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
  ]);
  const kib = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN);
  // The command name may hold spaces; fields count from behind its closing parenthesis (proc(5): utime is 14, stime 15).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    rssMiB: kib('VmRSS') / 1024,
    peakRssMiB: kib('VmHWM') / 1024,
    anonMiB: kib('RssAnon') / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}
