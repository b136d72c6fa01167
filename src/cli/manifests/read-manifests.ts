/** Reads the files of a folder into manifests; what cannot be read becomes an error and the rest goes on. */
import { messageOf } from '../../api/message-of.ts';
import { readFile } from 'node:fs/promises';
import type { Manifest, ManifestError } from './manifest.ts';
import { parseManifests, type ParsedFile } from './parse-manifests.ts';
import type { FolderFile } from './read-folder.ts';

const maxFileSize = 16 * 1024 * 1024;

export async function readManifests(files: readonly FolderFile[]): Promise<ParsedFile> {
  const manifests: Manifest[] = [];
  const errors: ManifestError[] = [];
  for (const file of files) {
    const at = { file: file.path, line: 1, column: 1 };
    if (file.size > maxFileSize) {
      errors.push({ at, message: `is larger than ${maxFileSize / 1024 / 1024} MiB: split it` });
      continue;
    }
    try {
      // Bytes that are no UTF-8 would become question marks in what is applied: they are refused instead.
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file.path));
      const parsed = parseManifests(file.path, text);
      for (const manifest of parsed.manifests) manifests.push(manifest);
      for (const error of parsed.errors) errors.push(error);
    } catch (error) {
      const message = `cannot be read: ${messageOf(error)}`;
      errors.push({ at, message });
    }
  }
  return { manifests, errors };
}
