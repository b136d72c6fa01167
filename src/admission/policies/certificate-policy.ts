/** The policy for Certificates: what their schema cannot say (spec/api.md §3, §5-§9). */
import { allowDirectInjection, reservedAnnotationPrefix } from '../../api/annotations.ts';
import { signatureAlgorithmsByKey } from '../../api/enumerations.ts';
import {
  ecdsaBits,
  maximumAnnotationBytes,
  maximumCommonNameBytes,
  maximumRsaBits,
  minimumRsaBits,
} from '../../api/limits.ts';
import { certificates } from '../../api/resources.ts';
import {
  matching,
  notBeingDeleted,
  validatingPolicy,
  type Named,
  type ValidatingPolicy,
} from './admission-policy.ts';
import { hasCommonName, literalSubject, longCommonName } from './literal-subject-patterns.ts';
import { literal, Place } from './place.ts';
import * as patterns from './patterns.ts';
import {
  among,
  duplicate,
  each,
  forbidden,
  found,
  invalid,
  invalidValue,
  matches,
  needed,
  notSupported,
  required,
  shown,
  tooLong,
  when,
  type Problem,
} from './problems.ts';
import { renewalProblems, timeZonesExist } from './renewal-problems.ts';
import { isSubdomain, issuerReferenceProblems } from './reference-problems.ts';

const spec = new Place('object').at('spec');

export function certificatePolicy(): ValidatingPolicy {
  const problems: Named[] = [
    { name: 'secret', expression: found(secretProblems()) },
    { name: 'issuer', expression: found(issuerReferenceProblems(spec.at('issuerRef'))) },
    { name: 'names', expression: found(nameProblems()) },
    { name: 'keys', expression: found(keyProblems()) },
    { name: 'renewal', expression: found(renewalProblems(spec)) },
  ];
  return validatingPolicy({
    name: 'certwright-certificates',
    matches: matching(certificates, ['CREATE', 'UPDATE'], certificates.plural),
    matchConditions: [notBeingDeleted],
    variables: [{ name: 'commonName', expression: spec.at('commonName').text }],
    problems,
    validations: [timeZonesExist(spec)],
  });
}

function secretProblems(): Problem[] {
  const name = spec.at('secretName');
  return [
    needed(name, 'name the Secret that is to receive key and certificate'),
    when(
      `${name.isSet} && !${isSubdomain(name.text)}`,
      invalid(
        name,
        'must be a DNS-1123 subdomain: lower case letters, digits, "-" and ".", such as "example.com"',
      ),
    ),
    ...templateProblems(spec.at('secretTemplate')),
    outputFormatProblem(spec.at('additionalOutputFormats')),
    ...keystoreProblems(spec.at('keystores', 'jks'), 'JKS'),
    ...keystoreProblems(spec.at('keystores', 'pkcs12'), 'PKCS#12'),
  ];
}

/** The problems of the keys of a map, which are reported on the map. */
function keyed(map: Place, condition: string, message: string): Problem {
  return `${map.or('{}')}.transformList(k, v, ${condition}, ${message}).join(', ')`;
}

function templateProblems(template: Place): Problem[] {
  const [labels, annotations] = [template.at('labels'), template.at('annotations')];
  const noName =
    'must be [prefix/]name: the prefix a DNS name, the name at most 63 letters, digits, "-", "_" and "."';
  // Go's grammar of keys has no bound for the prefix; the API server's own rules for Secrets have.
  const noKey = (key: string) => `(size(${key}) > 317 || !${matches(key, patterns.qualifiedName)})`;
  const reserved = `k.startsWith(${literal(reservedAnnotationPrefix)}) && k != ${literal(allowDirectInjection)}`;
  const bytes = `${annotations.or('{}')}.transformList(k, v, size(bytes(k)) + size(bytes(v))).sum()`;
  return [
    keyed(labels, noKey('k'), invalidValue(labels, shown('k'), noName)),
    keyed(
      labels,
      `!${matches('v', patterns.labelValue)}`,
      invalidValue(
        labels,
        shown('v'),
        'the value of a label must be empty, or at most 63 letters, digits, "-", "_" and "."',
      ),
    ),
    keyed(
      annotations,
      reserved,
      invalidValue(
        annotations,
        shown('k'),
        `${reservedAnnotationPrefix}* annotations are set by the controller; remove it`,
      ),
    ),
    keyed(annotations, noKey('k.lowerAscii()'), invalidValue(annotations, shown('k'), noName)),
    when(
      `${bytes} > ${maximumAnnotationBytes}`,
      tooLong(annotations, `keys and values together may not be more than ${maximumAnnotationBytes} bytes`),
    ),
  ];
}

function outputFormatProblem(formats: Place): Problem {
  const types = `${formats.items}.map(f, f.type)`;
  const twice = `${types}.transformList(i, t, ${types}.indexOf(t) != i, ${duplicate([...formats.path, '[type]'], 'strings.quote(t)')})`;
  return `${twice}.join(', ')`;
}

/** An empty passwordSecretRef.name counts as absent: Go clients always write that struct. */
function keystoreProblems(keystore: Place, name: string): Problem[] {
  const reference = keystore.at('passwordSecretRef', 'name').isSet;
  const password = keystore.at('password');
  return [
    when(
      `${reference} && ${password.present}`,
      forbidden(
        keystore,
        `passwordSecretRef and password exclude each other on ${name} keystores; set one of them`,
      ),
    ),
    when(
      `${keystore.present} && !(${reference}) && ${password.absent}`,
      forbidden(keystore, `${name} keystores need a password: set one of passwordSecretRef and password`),
    ),
    when(
      `${password.present} && ${password.isEmpty}`,
      forbidden(password, `a literal password on ${name} keystores cannot be empty`),
    ),
  ];
}

function nameProblems(): Problem[] {
  const [text, common, subject] = [spec.at('literalSubject'), spec.at('commonName'), spec.at('subject')];
  const lists = ['dnsNames', 'ipAddresses', 'uris', 'emailAddresses', 'otherNames'];
  const noList = lists.map((list) => `size(${spec.at(list).items}) == 0`).join(' && ');
  const unnamed = `(${text.isSet} ? !${matches(text.text, hasCommonName)} : ${common.isEmpty})`;
  const limit = maximumCommonNameBytes;
  const long = tooLong(common, `may not be more than ${limit} bytes; put longer names into dnsNames`);
  return [
    when(
      `${unnamed} && ${noList} && (${text.isEmpty} || ${matches(text.text, literalSubject)})`,
      invalidValue(
        spec,
        `'""'`,
        'a certificate needs a name: set at least one of dnsNames, ipAddresses, uris, emailAddresses, otherNames, commonName, or a CN in literalSubject',
      ),
    ),
    when(`${text.isEmpty} && size(bytes(${common.text})) > ${limit}`, long),
    when(`${text.isSet} && ${matches(text.text, longCommonName(limit))}`, long),
    when(
      `${text.isSet} && ${common.isSet}`,
      invalid(common, 'excludes literalSubject; put CN= into literalSubject instead'),
    ),
    when(
      `${text.isSet} && ${subject.or('{}')}.exists(k, size(${subject.or('{}')}[k]) > 0)`,
      invalidValue(
        subject,
        `'{...}'`,
        'excludes literalSubject; put its attributes into literalSubject instead',
      ),
    ),
    when(
      `!${matches(text.text, literalSubject)} || size(${text.text}) > 8192`,
      invalid(text, 'is no distinguished name of RFC 4514 with known attributes, such as CN=web,O=Example'),
    ),
    each(spec.at('ipAddresses'), ['i', 'x'], (address) => [
      when(
        `!isIP(${address.text}) && !${matches(address.text, patterns.mappedAddress)}`,
        invalid(address, 'is no IPv4 or IPv6 address'),
      ),
    ]),
    each(spec.at('emailAddresses'), ['i', 'x'], (address) => [
      when(
        `!${matches(address.text, patterns.mailbox)}`,
        invalid(address, 'is no e-mail address; give only the address itself, such as user@example.com'),
      ),
    ]),
    each(spec.at('otherNames'), ['i', 'x'], otherNameProblems),
    ...['permitted', 'excluded'].map((set) =>
      each(spec.at('nameConstraints', set, 'ipRanges'), ['i', 'x'], (range) => [
        when(`!isCIDR(${range.text})`, invalid(range, 'is no CIDR range, such as 10.0.0.0/8 or fd00::/8')),
      ]),
    ),
  ];
}

function otherNameProblems(name: Place): Problem[] {
  const [oid, value] = [name.at('oid'), name.at('utf8Value')];
  return [
    needed(oid, 'give the type of the name, such as 1.3.6.1.4.1.311.20.2.3'),
    when(
      `${oid.isSet} && !${matches(oid.text, patterns.dottedNumbers)}`,
      invalid(oid, 'is no object identifier: numbers with dots in between'),
    ),
    when(value.isEmpty, required(value, 'must be set to a non-empty, valid text')),
  ];
}

function keyProblems(): Problem[] {
  const key = spec.at('privateKey');
  const [algorithm, size] = [key.at('algorithm'), key.at('size')];
  const bits = size.number;
  const signature = spec.at('signatureAlgorithm');
  const is = (name: string) =>
    name === 'RSA' ? `(${among(algorithm.text, ['', 'RSA'])})` : `${algorithm.text} == '${name}'`;
  return [
    when(
      // Zero and below mean the default size.
      `${is('RSA')} && ${bits} > 0 && (${bits} < ${minimumRsaBits} || ${bits} > ${maximumRsaBits})`,
      invalidValue(
        size,
        `string(${bits})`,
        `must be between ${minimumRsaBits} and ${maximumRsaBits} for RSA`,
      ),
    ),
    when(
      `${is('ECDSA')} && ${bits} > 0 && !(${bits} in [${ecdsaBits.join(', ')}])`,
      notSupported(size, `string(${bits})`, ecdsaBits),
    ),
    ...Object.entries(signatureAlgorithmsByKey).map(([name, fitting]) =>
      when(
        `${is(name)} && ${signature.isSet} && !(${among(signature.text, fitting)})`,
        invalid(
          signature,
          `for key algorithm ${name} the allowed signature algorithms are [${fitting.join(' ')}]`,
        ),
      ),
    ),
  ];
}
