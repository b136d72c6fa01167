/** Runs the file export whenever a Certificate or its Secret changes; the informers tell, the exporter writes. */
import { messageOf } from '../../api/message-of.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { Log, SharedInformers } from '../../controllers/context.ts';
import { cacheKey } from '../../kube/cache.ts';
import type { Clock } from '../../kube/clock.ts';
import { createQueue } from '../../kube/queue.ts';
import { runWorkers } from '../../kube/worker.ts';
import type { ExportResult, Exporter } from '../../standalone/export/exporter.ts';
import { isVouchedFor } from '../../standalone/export/plan.ts';
import type { DeployHooks, HookState } from '../hooks/deploy-hooks.ts';

export type ExportState = ExportResult | { kind: 'failed'; message: string };

export interface ExportLoopOptions {
  exporter: Exporter;
  informers: Pick<SharedInformers, 'certificates' | 'secrets' | 'otherSecrets'>;
  clock: Clock;
  log: Log;
  /** Run after the files of a Certificate have changed. */
  hooks?: DeployHooks;
}

/** Keys are `namespace/name` of Certificates. Make it before the informers start; they feed it. */
export class ExportLoop {
  readonly #options: ExportLoopOptions;
  readonly #queue;
  readonly #workers;
  readonly #states = new Map<string, ExportState>();
  readonly #waiters = new Map<string, (() => void)[]>();

  constructor(options: ExportLoopOptions) {
    this.#options = options;
    this.#queue = createQueue({ clock: options.clock });
    const { certificates, secrets, otherSecrets } = options.informers;
    certificates.onChange(({ key, previous, current }) => {
      if (
        current === undefined ||
        secretName(current) !== secretName(previous) ||
        exportChanged(previous, current) ||
        (isVouchedFor(current) && (previous === undefined || !isVouchedFor(previous)))
      )
        this.#queue.add(key);
    });
    const secretChanged = ({ key }: { key: string }): void => {
      for (const { metadata } of certificates.byIndex('secretName', key)) {
        this.#queue.add(cacheKey(metadata?.namespace, metadata?.name ?? ''));
      }
    };
    secrets.onChange(secretChanged);
    otherSecrets.onChange(secretChanged);
    this.#workers = runWorkers(this.#queue, (key) => this.#reconcile(key), {
      clock: options.clock,
      workers: 4,
      onResult: ({ key, outcome, error }) => {
        if (outcome !== 'done') this.#set(key, { kind: 'failed', message: messageOf(error) });
        for (const done of this.#waiters.get(key)?.splice(0) ?? []) done();
      },
    });
  }

  stateOf(key: string): ExportState | undefined {
    return this.#states.get(key);
  }

  /** Exports these once more and resolves when each was tried. */
  async settle(keys: Iterable<string>): Promise<void> {
    const tried = [...keys].map((key) => {
      return new Promise<void>((resolve) => {
        const waiters = this.#waiters.get(key) ?? [];
        waiters.push(resolve);
        this.#waiters.set(key, waiters);
        this.#queue.add(key);
      });
    });
    await Promise.all(tried);
    await this.#options.hooks?.settle();
  }

  hooksOf(key: string): { hook: string; state: HookState }[] {
    const [namespace = '', name = ''] = key.split('/');
    return this.#options.hooks?.statesOf(namespace, name) ?? [];
  }

  /** What keeps the files of this Certificate from being where they are wanted; one line each. */
  problemsOf(key: string): string[] {
    const problem = problemsOf(this.#states.get(key));
    const hooks = this.hooksOf(key).flatMap(({ hook, state }) =>
      state.kind === 'failed' ? [`hook ${hook} failed: ${state.problem}; the log has its output`] : [],
    );
    return [...(problem === '' ? [] : [`is not exported: ${problem}`]), ...hooks];
  }

  /** What an earlier run left for Certificates that are gone. Call it once the caches are synced. */
  async sweep(): Promise<void> {
    const known = new Set<string>();
    for (const { metadata } of this.#options.informers.certificates.values()) {
      known.add(`${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`);
    }
    for (const key of await this.#options.exporter.sweep(known)) {
      this.#options.log.info(
        { certificate: key },
        `removed the files of Certificate ${key}, which no longer exists`,
      );
    }
  }

  async stop(): Promise<void> {
    await this.#workers.stop();
    await this.#options.hooks?.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const certificate = this.#options.informers.certificates.get(key);
    if (certificate === undefined) {
      const [namespace = '', name = ''] = key.split('/');
      await this.#options.exporter.remove(namespace, name);
      this.#options.hooks?.removed(namespace, name);
      this.#states.delete(key);
      return;
    }
    const result = await this.#options.exporter.export(certificate);
    this.#set(key, result);
    if (result.kind === 'written') {
      this.#options.log.info(
        {},
        `wrote ${result.files.length} files of Certificate ${key} to ${result.directory}`,
      );
    }
    // Also where nothing was written: the last run may have ended between the files and the hook.
    if (result.kind === 'written' || result.kind === 'unchanged') {
      const { namespace = '', name = '' } = certificate.metadata ?? {};
      this.#options.hooks?.exported({ ...result, namespace, name });
    }
  }

  /** Problems are logged when they begin, not at every try. */
  #set(key: string, state: ExportState): void {
    const before = problemsOf(this.#states.get(key));
    const now = problemsOf(state);
    this.#states.set(key, state);
    if (now !== '' && now !== before)
      this.#options.log.error({ certificate: key }, `Certificate ${key} is not exported: ${now}`);
  }
}

/** One line; empty when there is no problem. */
function problemsOf(state: ExportState | undefined): string {
  if (state?.kind === 'failed') return state.message;
  if (state?.kind !== 'refused') return '';
  return state.problems.map(({ object, field, message }) => `${object}: ${field}: ${message}`).join('; ');
}

function secretName(certificate: Certificate | undefined): string | undefined {
  if (certificate === undefined) return undefined;
  return `${certificate.metadata?.namespace ?? ''}/${certificate.spec.secretName}`;
}

function exportChanged(previous: Certificate | undefined, current: Certificate): boolean {
  return exportAnnotations(previous) !== exportAnnotations(current);
}

function exportAnnotations(certificate: Certificate | undefined): string {
  const entries = Object.entries(certificate?.metadata?.annotations ?? {});
  return JSON.stringify(entries.filter(([key]) => key.startsWith('certwright.dev/export')));
}
