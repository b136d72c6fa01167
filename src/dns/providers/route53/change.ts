/** Record sets of Route 53 as XML. https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html */

import { absolute } from '../name.ts';
import { allAt, escapeXml, textAt, type XmlElement } from '../xml.ts';

export interface RecordSet {
  /** Absolute. */
  readonly name: string;
  /** Seconds, as it stands in XML. */
  readonly ttl: string;
  /** Quoted. */
  readonly values: readonly string[];
  /** With it the set is a multivalue answer; without it, it is the only set of its name and type. */
  readonly setIdentifier?: string;
}

export function changeRequest(
  changes: readonly { action: 'UPSERT' | 'DELETE' | 'CREATE'; set: RecordSet }[],
): string {
  const all = changes.map(({ action, set }) => {
    const multivalue =
      set.setIdentifier === undefined
        ? ''
        : `<SetIdentifier>${escapeXml(set.setIdentifier)}</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer>`;
    const values = set.values
      .map((value) => `<ResourceRecord><Value>${escapeXml(value)}</Value></ResourceRecord>`)
      .join('');
    return (
      `<Change><Action>${action}</Action><ResourceRecordSet>` +
      `<Name>${escapeXml(set.name)}</Name><Type>TXT</Type>${multivalue}<TTL>${escapeXml(set.ttl)}</TTL>` +
      `<ResourceRecords>${values}</ResourceRecords></ResourceRecordSet></Change>`
    );
  });
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch>' +
    `<Comment>Managed by cert-manager</Comment><Changes>${all.join('')}</Changes>` +
    '</ChangeBatch></ChangeResourceRecordSetsRequest>'
  );
}

/** The set without identifier at the name, from the answer of ListResourceRecordSets. */
export function simpleSet(answer: XmlElement, fqdn: string): RecordSet | undefined {
  for (const set of allAt(answer, 'ResourceRecordSets', 'ResourceRecordSet')) {
    const [name, type, ttl] = ['Name', 'Type', 'TTL'].map((field) => textAt(set, field));
    const values = allAt(set, 'ResourceRecords', 'ResourceRecord').flatMap(
      (one) => textAt(one, 'Value') ?? [],
    );
    const simple = textAt(set, 'SetIdentifier') === undefined && type === 'TXT' && ttl !== undefined;
    // Any policy comes with an identifier; a set without records is an alias, which is not for us to take apart.
    if (simple && values.length > 0 && absolute(decodedName(name ?? '')) === fqdn)
      return { name: fqdn, ttl, values };
  }
  return undefined;
}

/** Route 53 writes what is not a letter, digit, `-`, `_` or `.` as `\052`. */
function decodedName(name: string): string {
  return name.replace(/\\([0-3][0-7]{2})/gu, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
