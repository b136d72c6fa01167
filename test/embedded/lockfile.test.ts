/** Holds the lockfiles complete: npm ci refuses one that leaves out the optional binary of any platform. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

const lockfiles = ['package-lock.json', 'tools/node26/package-lock.json'] as const;

for (const name of lockfiles) {
  test(`${name} locks each package for each platform, with its integrity`, () => {
    const file = new URL(`../../${name}`, import.meta.url);
    const packages = (JSON.parse(readFileSync(file, 'utf8')) as Lockfile).packages;
    const missing: string[] = [];
    for (const [path, locked] of Object.entries(packages)) {
      if (path !== '' && locked.integrity === undefined) missing.push(`${path}: no integrity`);
      for (const [dependency, version] of Object.entries(locked.optionalDependencies ?? {})) {
        const entry =
          packages[`${path}/node_modules/${dependency}`] ?? packages[`node_modules/${dependency}`];
        if (entry?.version !== version)
          missing.push(`${dependency}@${version}, which ${path || 'package.json'} names`);
      }
    }
    assert.deepEqual(missing, []);
    assert.ok(Object.keys(packages).length > 1);
  });
}
