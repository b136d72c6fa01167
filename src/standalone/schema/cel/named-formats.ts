/** Kubernetes' named formats (`format.dns1123Label().validate(...)`), and the same names for the OpenAPI formats. */
import { formatCheck } from '../formats.ts';

const names: ReadonlyMap<string, RegExp> = new Map([
  ['dns1123Label', /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/],
  [
    'dns1123Subdomain',
    /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  ],
  ['dns1035Label', /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/],
  ['dns1123LabelPrefix', /^[a-z0-9][-a-z0-9]{0,62}$/],
  ['dns1123SubdomainPrefix', /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9.]*)$/],
  ['dns1035LabelPrefix', /^[a-z][-a-z0-9]{0,62}$/],
  ['labelValue', /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/],
  [
    'qualifiedName',
    /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
  ],
]);

export const namedFormats: readonly string[] = [...names.keys(), 'uri', 'uuid', 'byte', 'date', 'datetime'];

/** Whether `text` has the named format; false for an unknown name. */
export function isNamedFormat(text: string, name: string): boolean {
  if (text.length > 4096) return false;
  return names.get(name)?.test(text) ?? formatCheck(name)?.(text) ?? false;
}
