/** `certwright rbac`: prints the manifests of the RBAC model. */
import { stringify } from 'yaml';
import { exitCodes } from '../errors.ts';
import type { Surroundings } from '../program.ts';
import { rbacObjects } from './rbac-objects.ts';
import { readRbacOptions, type RbacFlags } from './rbac-options.ts';

/** Answers the exit code. @throws UsageError */
export function rbac(flags: RbacFlags, surroundings: Pick<Surroundings, 'out'>): number {
  const { settings, output } = readRbacOptions(flags);
  const objects = rbacObjects(settings);
  surroundings.out(
    output === 'json'
      ? `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 2)}\n`
      : objects.map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false })}`).join(''),
  );
  return exitCodes.ok;
}
