/** Rules that several kinds share: references to issuers and to entries of Secrets, durations, names. */
import { defaultIssuerGroup } from '../../api/limits.ts';
import type { Place } from './place.ts';
import * as patterns from './patterns.ts';
import { among, invalid, matches, needed, when, type Problem } from './problems.ts';

/** Within our group only our two kinds exist (spec/api.md §3). */
export function issuerReferenceProblems(reference: Place): Problem[] {
  const [kind, group] = [reference.at('kind'), reference.at('group')];
  const foreign = `!(${among(kind.text, ['', 'Issuer', 'ClusterIssuer'])})`;
  const detail = 'must be one of Issuer or ClusterIssuer';
  return [
    needed(reference.at('name'), 'name the Issuer or ClusterIssuer that is to sign'),
    when(
      `${foreign} && ${group.isEmpty}`,
      invalid(kind, `${detail}; for an external issuer set spec.issuerRef.group too`),
    ),
    when(`${foreign} && ${group.text} == '${defaultIssuerGroup}'`, invalid(kind, detail)),
  ];
}

/** References to one entry of a Secret where both parts are needed. */
export function secretProblems(selector: Place): Problem[] {
  return [
    needed(selector.at('name'), 'secret name is required'),
    needed(selector.at('key'), 'secret key is required'),
  ];
}

/** CEL: whether a text is a duration that CEL can read. */
export function isDuration(text: string): string {
  return `(size(${text}) <= 256 && ${matches(text, patterns.duration)})`;
}

export function durationProblem(place: Place): Problem {
  return when(
    `${place.present} && !${isDuration(place.text)}`,
    invalid(place, 'is no duration: use h, m and s as in 2160h or 1h30m; there is no unit for days'),
  );
}

/** CEL: whether a text is an RFC 1123 subdomain. */
export function isSubdomain(text: string): string {
  return `(size(${text}) <= 253 && ${matches(text, patterns.subdomain)})`;
}

/** Paths go into URLs as they are. */
export function dotDotProblem(place: Place): Problem {
  return when(matches(place.text, patterns.dotDot), invalid(place, "must not contain '..' path segments"));
}

/**
 * CEL: whether base64 has a PEM block of one of these labels in it. CEL cannot decode, but a text of some length looks
 * the same in base64 wherever it stands, but for three alignments and its ends.
 */
export function hasPem(base64: string, ...labels: string[]): string {
  const looks = labels.flatMap((label) => {
    const marker = Buffer.from(`-----BEGIN ${label}-----`);
    return [0, 1, 2].map((shift) => {
      const encoded = Buffer.concat([Buffer.alloc(shift), marker]).toString('base64');
      // The first and the last characters depend on the neighbours too.
      const end = Math.floor((shift + marker.length) / 3) * 4;
      return encoded.slice(shift === 0 ? 0 : 4, end);
    });
  });
  return `(${looks.map((look) => `${base64}.contains('${look}')`).join(' || ')})`;
}
