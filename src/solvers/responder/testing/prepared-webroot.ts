/** A webroot in a folder of its own, for the tests of this one. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Webroot } from '../webroot.ts';

export const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';

export async function prepared(context: TestContext) {
  const scratch = await mkdtemp(join(tmpdir(), 'webroot-'));
  context.after(() => rm(scratch, { recursive: true, force: true }));
  const folder = join(scratch, 'www');
  await mkdir(folder);
  const options = { folder, journal: join(scratch, 'journal') };
  const challenges = join(folder, '.well-known', 'acme-challenge');
  const path = join(challenges, token);
  return { scratch, folder, options, challenges, path, webroot: new Webroot(options) };
}
