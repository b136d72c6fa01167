/** Looks now and then whether the records that renewals need are still there, and tells while there is time to set them again. */
import { componentOf } from '../../api/components.ts';
import { certificates as certificateType } from '../../api/resources.ts';
import type { Timer } from '../../kube/clock.ts';
import { referenceTo } from '../../kube/events.ts';
import type { LookForRecord, RecordSight } from '../../solvers/dns-persist01/look-for-record.ts';
import { boundedText } from '../bounded-text.ts';
import { fraction } from '../certificate/renewal-info/window.ts';
import type { ControllerContext } from '../context.ts';
import { watchedRecords, type WatchedRecord } from './watched-records.ts';

export interface RecordWatchOptions {
  look: LookForRecord;
  issuerOf: Parameters<typeof watchedRecords>[1];
  /** Told how many records are missing, after each round. */
  onMissing?: (count: number) => void;
}

interface Memory {
  dueMs: number;
  /** Looks in a row that found nothing. */
  missing: number;
}

const component = componentOf('challenges');
const tickMs = 60_000;
const everyMs = 12 * 3_600_000;
/** Where there is trouble, or nobody could be asked. */
const soonerMs = 3_600_000;
/** One look may meet a server that is just being changed: two that agree are believed. */
const confirmMs = 10 * 60_000;
const believedAfter = 2;
/** Looks in one round, and at a time. */
const mostAtOnce = 40;
const inFlight = 4;

export class RecordWatch {
  readonly #context: Pick<ControllerContext, 'clock' | 'events' | 'log' | 'informers'>;
  readonly #options: RecordWatchOptions;
  readonly #signal: AbortSignal;
  readonly #memories = new Map<string, Memory>();
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(
    context: Pick<ControllerContext, 'clock' | 'events' | 'log' | 'informers'>,
    signal: AbortSignal,
    options: RecordWatchOptions,
  ) {
    this.#context = context;
    this.#signal = signal;
    this.#options = options;
  }

  start(): void {
    if (this.#signal.aborted) return;
    this.#timer = this.#context.clock.after(tickMs, () => {
      this.#round = this.#look().then(() => this.start());
    });
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#round;
  }

  async #look(): Promise<void> {
    const { clock, informers, log } = this.#context;
    const records = watchedRecords(informers.certificates.values(), this.#options.issuerOf);
    for (const key of this.#memories.keys()) if (!records.has(key)) this.#memories.delete(key);
    const now = clock.now();
    const due: [Memory, WatchedRecord][] = [];
    for (const [key, record] of records) {
      let memory = this.#memories.get(key);
      // Not all at once after a start: somewhere in the first hour.
      if (memory === undefined) {
        memory = { dueMs: now + fraction(key) * soonerMs, missing: 0 };
        this.#memories.set(key, memory);
      }
      // A clock that was set back puts nothing off for longer than usual.
      if (memory.dueMs <= now || memory.dueMs > now + everyMs) due.push([memory, record]);
    }
    const line = due.toSorted(([a], [b]) => a.dueMs - b.dueMs).slice(0, mostAtOnce);
    const work = async (): Promise<void> => {
      for (let next = line.shift(); next !== undefined; next = line.shift()) await this.#one(...next);
    };
    try {
      await Promise.all(Array.from({ length: inFlight }, work));
    } catch (error) {
      if (this.#signal.aborted) return;
      log.error({ err: error }, 'records of dns-persist-01 could not be looked for; tried again in a minute');
    }
    let missing = 0;
    for (const memory of this.#memories.values()) if (memory.missing >= believedAfter) missing++;
    this.#options.onMissing?.(missing);
  }

  async #one(memory: Memory, record: WatchedRecord): Promise<void> {
    const { clock, log } = this.#context;
    const { dnsName, wildcard, section, accountUri } = record;
    const now = clock.now();
    // Put off first: whatever comes of it, it is not asked again at once.
    memory.dueMs = now + soonerMs;
    const sight = await this.#options.look({ dnsName, wildcard, section, accountUri, now }, this.#signal);
    if (sight.kind === 'unknown') {
      log.debug({ dnsName }, `whether its dns-persist-01 record is there is not known: ${sight.problem}`);
      return;
    }
    if (sight.kind === 'missing') {
      memory.missing++;
      memory.dueMs = now + (memory.missing < believedAfter ? confirmMs : soonerMs);
      // Events are kept for an hour, and this may go on for weeks: told again with each twelfth look.
      if (memory.missing >= believedAfter && (memory.missing - believedAfter) % 12 === 0)
        this.#tellMissing(record, sight);
      return;
    }
    if (memory.missing >= believedAfter) {
      const found = `The record that ${dnsName} needs for dns-persist-01 is there again`;
      this.#tell(record, 'Normal', 'ValidationRecordFound', found);
    }
    memory.missing = 0;
    memory.dueMs = now + everyMs;
    if (sight.notice !== undefined) this.#tell(record, 'Warning', 'ValidationRecordEnding', sight.notice);
  }

  #tellMissing(record: WatchedRecord, { problem }: Extract<RecordSight, { kind: 'missing' }>): void {
    const remedy = `set it again (certwright acme dns-persist-record ${record.wildcard ? '--wildcard ' : ''}${record.dnsName} prints it), or the next renewal fails`;
    const message = boundedText(`${problem}; ${remedy}`);
    this.#context.log.warn({ dnsName: record.dnsName }, message);
    this.#tell(record, 'Warning', 'ValidationRecordMissing', message);
  }

  #tell({ certificates }: WatchedRecord, type: 'Normal' | 'Warning', reason: string, text: string): void {
    for (const certificate of certificates)
      this.#context.events.event(referenceTo(certificateType, certificate), component, type, reason, text);
  }
}
