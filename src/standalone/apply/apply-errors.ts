/** Why an apply was refused. */
import type { ManagedFieldsEntry } from '../../api/meta.ts';
import { StandaloneError } from '../errors.ts';

/** One field that somebody else owns with another value. */
export interface ApplyConflict {
  /** The other manager's entry, without its fields. */
  owner: ManagedFieldsEntry;
  /** The owner as Kubernetes prints it, such as `"kubectl" using v1`. */
  manager: string;
  /** Such as `.spec.rules[name="a"].port`. */
  path: string;
}

function describe(conflicts: readonly ApplyConflict[]): string {
  const first = conflicts[0];
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.path}`;
  }
  const byManager = new Map<string, string[]>();
  for (const conflict of conflicts) {
    const paths = byManager.get(conflict.manager);
    if (paths === undefined) byManager.set(conflict.manager, [conflict.path]);
    else paths.push(conflict.path);
  }
  const lines: string[] = [];
  for (const manager of [...byManager.keys()].sort()) {
    lines.push(`conflicts with ${manager}:`);
    for (const path of byManager.get(manager) ?? []) lines.push(`- ${path}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/**
 * Somebody else owns fields that this apply would change: 409 Conflict, one cause per conflict
 * (`reason: FieldManagerConflict`, `message: conflict with <manager>`, `field: <path>`). The message is the one kubectl parses.
 */
export class ApplyConflictError extends StandaloneError {
  readonly conflicts: readonly ApplyConflict[];

  constructor(conflicts: readonly ApplyConflict[]) {
    super('ERR_APPLY_CONFLICT', describe(conflicts));
    this.conflicts = conflicts;
  }
}

/** The applied object cannot be merged (not an object, managedFields set, duplicate list keys): 400 Bad Request. */
export class ApplyInputError extends StandaloneError {
  constructor(message: string) {
    super('ERR_APPLY_INPUT', message);
  }
}
