/** Cells of `kubectl get` tables: ages as Kubernetes prints them, columns from JSONPath. */
import { compileJsonPath } from '../jsonpath/compile-json-path.ts';
import { metaOf, type Column } from './resource-entry.ts';

/** duration.HumanDuration of apimachinery: two units while small, one when large. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds <= 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** Time since an RFC 3339 time; `<unknown>` when there is none. */
export function ageSince(time: unknown, now: number): string {
  if (typeof time !== 'string' || time === '') return '<unknown>';
  const at = Date.parse(time);
  return Number.isNaN(at) ? '<invalid>' : humanDuration(now - at);
}

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace.',
  cell: (object) => metaOf(object).name ?? '',
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  cell: (object, now) => ageSince(metaOf(object).creationTimestamp, now),
};

/** additionalPrinterColumns of a CustomResourceDefinition version. */
export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  format?: string;
  description?: string;
  priority?: number;
}

/** @throws JsonPathError */
export function columnFromPath(column: PrinterColumn): Column {
  const path = compileJsonPath(column.jsonPath);
  const type = isColumnType(column.type) ? column.type : 'string';
  return {
    name: column.name,
    type,
    ...(column.format === undefined ? {} : { format: column.format }),
    description:
      column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
    cell: (object, now) => cellValue(path(object), type, now),
  };
}

function isColumnType(type: string): type is Column['type'] {
  return ['string', 'integer', 'number', 'boolean', 'date'].includes(type);
}

function cellValue(
  found: readonly unknown[],
  type: Column['type'],
  now: number,
): string | number | boolean | null {
  const first = found[0];
  if (first === undefined || first === null) return null;
  switch (type) {
    case 'date':
      return ageSince(first, now);
    case 'integer':
      return typeof first === 'number' ? Math.trunc(first) : null;
    case 'number':
      return typeof first === 'number' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    default:
      return found
        .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
        .join(',')
        .slice(0, 4096);
  }
}
