/** Prints the summary for people. Pure: text out of facts and the time. */
import type { CertificateSummary, HookSummary } from './summary.ts';

/** Columns padded to their widest cell; the last one runs free. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('   '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

export function renderSummary(certificates: readonly CertificateSummary[], now: number): string {
  if (certificates.length === 0) return 'There are no Certificates yet.\n';
  const rows = certificates.map((certificate) => [
    `${certificate.namespace}/${certificate.name}`,
    certificate.ready ? 'True' : 'False',
    certificate.issuer,
    certificate.notAfter === undefined ? '-' : timeUntil(certificate.notAfter, now),
    certificate.renewalTime === undefined
      ? '-'
      : `${certificate.renewalTime} (${dueIn(certificate.renewalTime, now)})`,
  ]);
  const sections = [renderTable([['NAME', 'READY', 'ISSUER', 'EXPIRES IN', 'NEXT RENEWAL'], ...rows])];

  const troubled = certificates.filter((certificate) => !certificate.ready);
  if (troubled.length > 0) {
    sections.push(
      `Not ready:\n${troubled.map(({ namespace, name, reason, message }) => `  ${namespace}/${name}: ${reason}: ${message}\n`).join('')}`,
    );
  }
  const chained = certificates.filter((certificate) => certificate.chain.length > 0);
  if (chained.length > 0) {
    sections.push(
      `Chains (leaf first):\n${chained.map(({ namespace, name, chain }) => `  ${namespace}/${name}: ${chain.join(' <- ')}\n`).join('')}`,
    );
  }
  const exported = certificates.filter((certificate) => certificate.directory !== undefined);
  if (exported.length > 0) {
    sections.push(
      `Files:\n${exported.map(({ directory = '', files }) => `  ${directory}/{${files.join(',')}}\n`).join('')}`,
    );
  }
  const hooked = certificates.filter((certificate) => certificate.hooks.length > 0);
  if (hooked.length > 0) {
    sections.push(
      `Hooks:\n${hooked.map(({ namespace, name, hooks }) => `  ${namespace}/${name}: ${hooks.map((hook) => renderHook(hook, now)).join(', ')}\n`).join('')}`,
    );
  }
  return sections.join('\n');
}

function renderHook({ name, state, problem, attempts = 0, nextAttempt }: HookSummary, now: number): string {
  if (state !== 'failed' || nextAttempt === undefined) return `${name} ${state}`;
  const times = attempts === 1 ? '' : ` ${attempts} times`;
  return `${name} failed${times} (${problem}; again ${dueIn(nextAttempt, now)})`;
}

/** The three lines to try next. */
export function renderNextSteps(
  kubeconfig: string | undefined,
  example: { namespace: string; name: string } | undefined,
): string {
  const { namespace, name } = example ?? { namespace: 'default', name: 'NAME' };
  return [
    'Try next (in another terminal):\n',
    kubeconfig === undefined
      ? '  point KUBECONFIG at a kubeconfig with your client certificate\n'
      : `  export KUBECONFIG=${quote(kubeconfig)}\n`,
    '  kubectl get certificates,issuers,clusterissuers --all-namespaces\n',
    `  kubectl describe certificate ${name} --namespace ${namespace}\n`,
    `  kubectl get events --namespace ${namespace} --watch\n`,
  ].join('');
}

/** `89d 23h`, `4h 59m`, `12s`; `-` in front once the time has passed. */
export function timeUntil(time: string, now: number): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const sign = seconds < 0 ? '-' : '';
  const left = Math.abs(seconds);
  const [days, hours, minutes] = [
    Math.floor(left / 86_400),
    Math.floor((left % 86_400) / 3600),
    Math.floor((left % 3600) / 60),
  ];
  if (days > 0) return `${sign}${days}d${hours > 0 ? ` ${hours}h` : ''}`;
  if (hours > 0) return `${sign}${hours}h${minutes > 0 ? ` ${minutes}m` : ''}`;
  return minutes > 0 ? `${sign}${minutes}m ${left % 60}s` : `${sign}${left}s`;
}

/** Of something that is done then: nobody waits for less than no time. */
export function dueIn(time: string, now: number): string {
  return Date.parse(time) <= now ? 'now' : `in ${timeUntil(time, now)}`;
}

function quote(path: string): string {
  return /^[\w./:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
