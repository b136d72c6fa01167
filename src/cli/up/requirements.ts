/** What has to be there before anything starts: told at once, by the flag that names it, instead of later and elsewhere. */
import { messageOf } from '../../api/message-of.ts';
import { readdir, readFile } from 'node:fs/promises';
import { startHttp01Listener } from '../../solvers/responder/http01-listener.ts';
import { ListenError } from '../../solvers/responder/responder-errors.ts';
import { EnvironmentError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { upAcmeNames, type UpAcmeOptions } from './up-acme-options.ts';

/** An address that was asked for and cannot be had is told at once, not in the first Challenge. */
export async function requireAddresses({ settings, always }: UpAcmeOptions): Promise<void> {
  const { http01, tlsAlpn01 } = settings.responder;
  const wanted = [
    always.http01 ? { name: upAcmeNames.http01, address: http01 } : undefined,
    always.tlsAlpn01 ? { name: upAcmeNames.tlsAlpn01, address: tlsAlpn01 } : undefined,
  ];
  for (const one of wanted) {
    if (one?.address === undefined) continue;
    try {
      const listener = await startHttp01Listener({
        address: one.address,
        answers: { http01: () => undefined },
        setting: one.name,
      });
      await listener.close();
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      throw new EnvironmentError('cli/listen', error.message, error);
    }
  }
}

/** Before the API is up: what cannot be exported at all is a mistake of whoever starts us. */
export function makeExportFolder(directory: string): void {
  try {
    makeFolder(directory);
  } catch (error) {
    throw new EnvironmentError(
      'cli/folder',
      `--export ${directory}: cannot be created: ${messageOf(error)}; name a folder that you may write to`,
      error,
    );
  }
}

/** A typing error is told at once. A folder that goes away later is waited for. */
export async function requireFolder(
  flag: string,
  path: string,
  what = 'a folder of YAML and JSON files',
): Promise<void> {
  try {
    await readdir(path);
  } catch (error) {
    throw new EnvironmentError(
      'cli/folder',
      `${flag} ${path}: cannot be read: ${messageOf(error)}; name ${what}`,
      error,
    );
  }
}

export async function readText(flag: string, path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.trim() !== '') return text;
    throw new Error('it is empty');
  } catch (error) {
    throw new EnvironmentError('cli/folder', `${flag} ${path}: cannot be used: ${messageOf(error)}`, error);
  }
}
