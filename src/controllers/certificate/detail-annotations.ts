/** The annotations that tell what is in a certificate without decoding it (api.md §18). */
import * as keys from '../../api/annotations.ts';

export interface DetailSource {
  commonName: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  uris: readonly string[];
  emailAddresses: readonly string[];
  subject: {
    organizations?: readonly string[];
    organizationalUnits?: readonly string[];
    countries?: readonly string[];
    provinces?: readonly string[];
    localities?: readonly string[];
    postalCodes?: readonly string[];
    streetAddresses?: readonly string[];
    serialNumber?: string;
  };
}

const lists = [
  [keys.subjectOrganizations, 'organizations'],
  [keys.subjectOrganizationalUnits, 'organizationalUnits'],
  [keys.subjectCountries, 'countries'],
  [keys.subjectProvinces, 'provinces'],
  [keys.subjectLocalities, 'localities'],
  [keys.subjectPostalCodes, 'postalCodes'],
  [keys.subjectStreetAddresses, 'streetAddresses'],
] as const;

export function detailAnnotations(source: DetailSource): Record<string, string> {
  const annotations: Record<string, string> = {
    [keys.commonName]: source.commonName,
    [keys.altNames]: csvLine(source.dnsNames),
    [keys.ipSans]: csvLine(source.ipAddresses),
    [keys.uriSans]: csvLine(source.uris),
  };
  if (source.emailAddresses.length > 0) annotations[keys.emailSans] = csvLine(source.emailAddresses);
  for (const [key, field] of lists) {
    const values = source.subject[field];
    if (values !== undefined && values.length > 0) annotations[key] = csvLine(values);
  }
  const { serialNumber } = source.subject;
  if (serialNumber !== undefined && serialNumber !== '') annotations[keys.subjectSerialNumber] = serialNumber;
  return annotations;
}

/** One RFC 4180 record without line end; quoted where a reader would need it. */
export function csvLine(values: readonly string[]): string {
  return values.map(csvField).join(',');
}

function csvField(value: string): string {
  if (value === '' || !(/[",\r\n]/.test(value) || /^\s/u.test(value) || value === String.raw`\.`))
    return value;
  return `"${value.replaceAll('"', '""')}"`;
}
