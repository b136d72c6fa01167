/** Prints what a dry run found. Pure. */
import { stringify } from 'yaml';
import { renderTable } from '../up/table.ts';
import type { DryRunReport } from './plan.ts';

export function renderDryRun(report: DryRunReport, format: 'table' | 'json' | 'yaml'): string {
  if (format === 'json') return `${JSON.stringify(report, undefined, 2)}\n`;
  if (format === 'yaml') return stringify(report);
  const looked = Object.entries(report.looked)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`)
    .join(', ');
  const summary = `Looked at ${looked === '' ? 'nothing' : looked}; nothing was written.\n`;
  if (report.actions.length === 0) return `Nothing would be done.\n${summary}`;
  const rows = report.actions.map(({ action, kind, namespace, name, reason, message }) => [
    action,
    kind,
    namespace === undefined ? name : `${namespace}/${name}`,
    reason === '' ? '-' : reason,
    message === '' ? '-' : message,
  ]);
  return `${renderTable([['WOULD', 'KIND', 'NAME', 'REASON', 'MESSAGE'], ...rows])}\n${summary}`;
}
