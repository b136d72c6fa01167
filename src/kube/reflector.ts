/** Keeps somebody informed about one resource for ever: list, watch, resume, and start over when the server forgot. */
import type { KubeList, KubeObject } from '../api/meta.ts';
import type { ResourceType } from '../api/resources.ts';
import type { KubeClient, ListOptions, WatchEvent } from './client.ts';
import { pause, type Clock } from './clock.ts';
import {
  BadRequestError,
  GoneError,
  InvalidError,
  KubeError,
  ProtocolError,
  ServerError,
  TransportError,
} from './errors.ts';

/** What a reflector fills. Called in order, never concurrently. */
export interface ReflectorSink {
  /** A list begins: `add` follows for each object, then `replace`. A list that fails is begun again. */
  beginList(): void;
  listed(object: KubeObject): void;
  /** Everything was listed: what was not is gone. */
  endList(resourceVersion: string): void;
  event(event: WatchEvent<KubeObject>): void;
  /** Whether an event of that version would tell nothing new; see WatchOptions. Not asked while a list goes on. */
  isKnown?(resourceVersion: string): boolean;
}

export interface ReflectorDeps {
  clock: Clock;
  /** 0 <= random() < 1. */
  random: () => number;
  /** Ask for the initial state as watch events; given up by itself when the server refuses. False when absent. */
  streamingList?: boolean;
  /** Objects per page of a list; 500 when absent. */
  pageSize?: number;
  /** Shortest watch; each lasts between this and twice as long, so that watches do not all end together. 300 when absent. */
  watchSeconds?: number;
  /** Told about every failure before it is retried: for logs and metrics. Must not throw. */
  onError?: (error: unknown, retryInMs: number, resource: string) => void;
}

export interface ReflectorTarget extends Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  type: ResourceType;
  metadataOnly?: boolean;
}

/** Marks the bookmark that closes a streaming list (KEP-3157). */
const initialEventsEnd = 'k8s.io/initial-events-end';
const firstDelayMs = 800;
const longestDelayMs = 30_000;
/** Nobody answers: asking costs a server that is down nothing, and it may be back any moment. */
const longestUnreachableMs = 5_000;
/** A watch that held this long was healthy: the next failure starts from the first delay. */
const healthyMs = 60_000;
const shortWatchMs = 1_000;

/** How servers say that they do not stream the initial state (no such storage feature, no such parameter). */
const refusals = [ServerError, BadRequestError, InvalidError];

/** Runs until the signal aborts; nothing else ends it. */
export async function runReflector(
  client: KubeClient,
  target: ReflectorTarget,
  sink: ReflectorSink,
  deps: ReflectorDeps,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random } = deps;
  const { type, ...selection } = target;
  let streaming = deps.streamingList === true;
  /** Where to go on; undefined: list first. */
  let position: string | undefined;
  let failures = 0;
  let forgotten = 0;

  const list = async (): Promise<string> => {
    let pageSize: number | undefined = deps.pageSize ?? 500;
    sink.beginList();
    for (let next: string | undefined; ;) {
      let page: KubeList<KubeObject>;
      try {
        page = await client.list(type, { ...selection, limit: pageSize, continue: next, signal });
      } catch (error) {
        // The pages took longer than the server remembers: once in one piece.
        if (!(error instanceof GoneError) || next === undefined) throw error;
        sink.beginList();
        next = undefined;
        pageSize = undefined;
        continue;
      }
      for (const item of page.items) sink.listed(item);
      next = page.metadata.continue === '' ? undefined : page.metadata.continue;
      if (next === undefined) return page.metadata.resourceVersion ?? '';
    }
  };

  const seconds = (): number => Math.round((deps.watchSeconds ?? 300) * (1 + random()));

  /** Follows one watch until it ends; keeps `position` current. */
  const follow = async (initial: boolean): Promise<void> => {
    let listing = initial;
    if (listing) sink.beginList();
    const events = client.watch(type, {
      ...selection,
      resourceVersion: listing ? undefined : position,
      sendInitialEvents: listing ? true : undefined,
      allowWatchBookmarks: true,
      timeoutSeconds: seconds(),
      isKnown: (version) => !listing && sink.isKnown?.(version) === true,
      signal,
    });
    for await (const event of events) {
      // The server is at work: whatever failed before is over.
      if (event.type !== 'BOOKMARK' || !listing) failures = forgotten = 0;
      const { metadata } = event.object;
      const version = metadata?.resourceVersion;
      if (event.type === 'BOOKMARK') {
        if (listing && metadata?.annotations?.[initialEventsEnd] === 'true') {
          sink.endList(version ?? '');
          listing = false;
        }
        if (!listing) sink.event(event);
      } else if (listing && event.type === 'ADDED') {
        sink.listed(event.object);
      } else if (listing) {
        // Live events before the end of the initial ones are against the protocol: start over, the plain way.
        throw new ProtocolError(`the API server mixed live events into the initial state of ${type.plural}`);
      } else {
        sink.event(event);
      }
      if (!listing && version !== undefined && version !== '') position = version;
    }
    if (listing) throw new ProtocolError(`the API server ended the initial state of ${type.plural} half-way`);
  };

  while (!signal.aborted) {
    const startedAt = clock.now();
    try {
      if (position === undefined && !streaming) {
        const version = await list();
        sink.endList(version);
        position = version;
      }
      await follow(position === undefined);
      const lastedMs = clock.now() - startedAt;
      if (lastedMs >= healthyMs) failures = 0;
      // A server that closes every watch at once must not be asked in a tight loop.
      if (lastedMs < shortWatchMs) await wait(undefined);
    } catch (error) {
      if (signal.aborted) return;
      // Refused, or not understood, or never closed by its bookmark: lists always work.
      if (position === undefined && streaming && !(error instanceof TransportError)) {
        streaming = false;
        if (refusals.some((refusal) => error instanceof refusal)) continue;
      }
      // 410: forgotten. Not JSON: an event was lost, only a list tells what it was.
      if (error instanceof GoneError || error instanceof ProtocolError) position = undefined;
      if (clock.now() - startedAt >= healthyMs) failures = 0;
      await wait(error);
    }
  }

  async function wait(error: unknown): Promise<void> {
    const longest = error instanceof TransportError ? longestUnreachableMs : longestDelayMs;
    const exponential = Math.min(longest, firstDelayMs * 2 ** Math.min(failures++, 10));
    // The first 410 is the normal way to learn that time has passed, also after an outage.
    const base = error instanceof GoneError && (forgotten += 1) === 1 ? 0 : exponential;
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const delayMs = Math.max(asked, base * (1 + random()));
    if (error !== undefined) deps.onError?.(error, delayMs, type.plural);
    try {
      await pause(clock, delayMs, signal);
    } catch {
      // Only the signal ends a pause early; the loop sees it.
    }
  }
}
