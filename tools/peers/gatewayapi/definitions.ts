/** The published CustomResourceDefinitions of the Gateway API, read from its Go module: nothing of it is kept here. */

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);
const MODULE = 'sigs.k8s.io/gateway-api';

export interface PublishedDefinition {
  readonly apiVersion: string;
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

/** `release` is the newest with stable ListenerSets, `before` the last one with XListenerSets: a go.mod each. */
export interface Channel {
  readonly release: 'release' | 'before';
  readonly channel: 'standard' | 'experimental';
}

/** @throws Error when Go cannot download the module */
export async function gatewayApiDefinitions(
  go: string,
  { release, channel }: Channel,
): Promise<PublishedDefinition[]> {
  const pinned = release === 'release' ? import.meta.dirname : path.join(import.meta.dirname, 'experimental');
  const { stdout } = await run(go, ['mod', 'download', '-json', MODULE], { cwd: pinned });
  const { Dir: module } = JSON.parse(stdout) as { Dir: string };
  const folder = path.join(module, 'config/crd', channel);
  const files = (await readdir(folder)).filter((file) => /^gateway\..*\.yaml$/u.test(file));
  const texts = await Promise.all(files.toSorted().map((file) => readFile(path.join(folder, file), 'utf8')));
  return texts
    .flatMap((text) => parseAllDocuments(text).map((document): unknown => document.toJS()))
    .filter((object): object is PublishedDefinition => isDefinition(object));
}

/** Beside them stand admission policies against downgrades. */
function isDefinition(object: unknown): boolean {
  return (
    typeof object === 'object' &&
    object !== null &&
    'kind' in object &&
    object.kind === 'CustomResourceDefinition'
  );
}
