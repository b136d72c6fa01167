/** What the machine knows about this process, under the names that every Prometheus client library gives it. */
import { readdir, readFile } from 'node:fs/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

export interface ProcessFacts {
  cpuSeconds: number;
  residentBytes: number;
  heapUsedBytes: number;
  startSeconds: number;
  loopActiveSeconds: number;
  /** Seconds by quantile; undefined until a first window is full. */
  loopLag?: { median: number; p99: number; max: number };
  /** Linux only. */
  virtualBytes?: number;
  openFds?: number;
  maxFds?: number;
}

export interface ProcessWatch {
  read(): Promise<ProcessFacts>;
  stop(): void;
}

/** A scraper that comes more often sees the same window again: two scrapers must not take it from each other. */
const windowMs = 30_000;
const samplingMs = 50;

/** Watches the event loop from now on; `stop` ends that. */
export function watchProcess(): ProcessWatch {
  const delay = monitorEventLoopDelay({ resolution: samplingMs });
  delay.enable();
  let windowBegan = performance.now();
  let loopLag: ProcessFacts['loopLag'];

  /** The histogram holds the time between two looks: what is beyond the sampling interval is the lag. */
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - samplingMs / 1000);
  const roll = (): void => {
    const now = performance.now();
    if (now - windowBegan < windowMs || delay.count === 0) return;
    loopLag = {
      median: late(delay.percentile(50)),
      p99: late(delay.percentile(99)),
      max: late(delay.max),
    };
    delay.reset();
    windowBegan = now;
  };

  return {
    async read() {
      roll();
      const cpu = process.cpuUsage();
      const memory = process.memoryUsage.rss();
      return {
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        residentBytes: memory,
        heapUsedBytes: process.memoryUsage().heapUsed,
        startSeconds: Math.round(performance.timeOrigin) / 1000,
        loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
        ...(loopLag === undefined ? {} : { loopLag }),
        ...(process.platform === 'linux' ? await linuxFacts() : {}),
      };
    },
    stop: () => void delay.disable(),
  };
}

/** A container may hide any of these: then the series is not there. */
async function linuxFacts(): Promise<Pick<ProcessFacts, 'virtualBytes' | 'openFds' | 'maxFds'>> {
  const [status, limits, fds] = await Promise.allSettled([
    readFile('/proc/self/status', 'utf8'),
    readFile('/proc/self/limits', 'utf8'),
    readdir('/proc/self/fd'),
  ]);
  const virtualKiB = textOf(status).match(/^VmSize:\s+(\d+) kB$/m)?.[1];
  const maxFds = textOf(limits).match(/^Max open files\s+(\d+)/m)?.[1];
  return {
    ...(virtualKiB === undefined ? {} : { virtualBytes: Number(virtualKiB) * 1024 }),
    ...(maxFds === undefined ? {} : { maxFds: Number(maxFds) }),
    ...(fds.status === 'fulfilled' ? { openFds: fds.value.length } : {}),
  };
}

function textOf(result: PromiseSettledResult<string>): string {
  return result.status === 'fulfilled' ? result.value : '';
}
