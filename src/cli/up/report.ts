/** Collects the summary from the cache and the API and prints it in the format that was asked for. */
import { stringify } from 'yaml';
import type { Certificate } from '../../api/certificate.ts';
import type { Cache } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ExportLoop } from './export-loop.ts';
import { failedRenewals } from './failed-renewals.ts';
import { openChallenges } from './open-challenges.ts';
import { problemLines, saidOnce } from './problem.ts';
import { readSecret } from './read-secret.ts';
import { summarize, type CertificateSummary } from './summary.ts';
import { renderUnapproved, unapproved } from './unapproved.ts';
import { renderNextSteps, renderSummary } from './table.ts';
import type { OutputFormat } from './up-options.ts';
import type { Outcome } from './wait.ts';

export interface ReportOptions {
  client: KubeClient;
  certificates: Cache<Certificate>;
  /** What would be done about Certificate `namespace/name` now, and why. */
  explain: (key: string) => Promise<{ message: string; action: { kind: string } } | undefined>;
  exports: ExportLoop | undefined;
  /** False: requests are left for somebody else to approve. */
  approve: boolean;
  format: OutputFormat;
  /** Absent: none was written. */
  kubeconfig?: string;
  now: number;
  outcome: Outcome;
  /** The API stays: there is something to try next. */
  goesOn: boolean;
}

/** Tables are for people: beyond this they are cut, and the counts say so. JSON and YAML are complete. */
const maxRows = 50;

export async function report(options: ReportOptions): Promise<string> {
  const { client, exports, format, kubeconfig, now, outcome } = options;
  // From the cache, which knows all that was waited for: a list of ten thousand would cost more memory than all the rest.
  const ordered = [...options.certificates.values()].toSorted((a, b) => (titleOf(a) < titleOf(b) ? -1 : 1));
  const shown = format === 'table' ? ordered.slice(0, maxRows) : ordered;
  const summaries: CertificateSummary[] = [];
  const open = new Map<string, ReturnType<typeof openChallenges>>();
  const challengesOf = (namespace: string): ReturnType<typeof openChallenges> => {
    const asked = open.get(namespace) ?? openChallenges(client, namespace);
    open.set(namespace, asked);
    return asked;
  };
  for (const certificate of shown) {
    const state = exports?.stateOf(titleOf(certificate));
    const files = state?.kind === 'written' || state?.kind === 'unchanged' ? state : undefined;
    const secret = await readSecret(
      client,
      certificate.metadata?.namespace ?? '',
      certificate.spec.secretName,
    );
    const summary = summarize(certificate, secret, files, exports?.hooksOf(titleOf(certificate)));
    if (!summary.ready) {
      // The conditions say what is missing, the decision says what it waits for.
      const decision = await options.explain(titleOf(certificate));
      // What would be done, and is not: the conditions say what is in the way.
      if (decision?.action.kind === 'none') summary.message = saidOnce(summary.message, decision.message);
      const challenges = await challengesOf(certificate.metadata?.namespace ?? '');
      const waiting = challenges.get(certificate.metadata?.name ?? '');
      summary.message = saidOnce(summary.message, waiting ?? '');
    }
    summaries.push(summary);
  }
  const renewals = await failedRenewals(client, options.certificates.values(), options.explain, now);
  const problems = [...outcome.problems, ...renewals];
  if (format === 'table') {
    const cut = ordered.length > shown.length ? `... and ${ordered.length - shown.length} more\n` : '';
    const lines = problemLines(problems)
      .map((line) => `  ${line}\n`)
      .join('');
    const sections = [renderSummary(summaries, now) + cut];
    if (lines !== '') sections.push(`Problems:\n${lines}`);
    if (!options.approve) {
      const waiting = renderUnapproved(await unapproved(client));
      if (waiting !== '') sections.push(waiting);
    }
    if (options.goesOn) sections.push(renderNextSteps(kubeconfig, exampleOf(summaries)));
    return `\n${sections.join('\n')}`;
  }
  const facts = { ready: outcome.ready, kubeconfig, problems, certificates: summaries };
  return format === 'json' ? `${JSON.stringify(facts, undefined, 2)}\n` : stringify(facts);
}

/** A leaf rather than a CA: more to see in `kubectl describe`. */
function exampleOf(summaries: readonly CertificateSummary[]): CertificateSummary | undefined {
  return summaries.find((summary) => summary.chain.length > 2) ?? summaries.at(-1);
}

function titleOf(certificate: Certificate): string {
  return `${certificate.metadata?.namespace ?? ''}/${certificate.metadata?.name ?? ''}`;
}
