/** The policy for Issuers and ClusterIssuers: what their schema cannot say (spec/api.md §11-§14). */
import { clusterIssuers, issuers } from '../../api/resources.ts';
import { matching, notBeingDeleted, validatingPolicy, type ValidatingPolicy } from './admission-policy.ts';
import { Place } from './place.ts';
import {
  each,
  forbidden,
  found,
  invalid,
  invalidValue,
  needed,
  required,
  together,
  when,
  type Problem,
} from './problems.ts';
import { dotDotProblem, hasPem, secretProblems } from './reference-problems.ts';
import { solverProblems } from './solver-problems.ts';

const spec = new Place('object').at('spec');
const noBundle = 'has no valid certificate in it; give PEM with -----BEGIN CERTIFICATE-----';

/** Of PEM bundles only the marker is looked for: CEL has no base64. The controllers say what else is wrong with one. */
export function issuerPolicy(): ValidatingPolicy {
  return validatingPolicy({
    name: 'certwright-issuers',
    matches: matching(issuers, ['CREATE', 'UPDATE'], issuers.plural, clusterIssuers.plural),
    matchConditions: [notBeingDeleted],
    problems: [
      { name: 'acme', expression: section('acme', acmeProblems) },
      { name: 'ca', expression: section('ca', caProblems) },
      { name: 'vault', expression: section('vault', vaultProblems) },
      { name: 'venafi', expression: section('venafi', venafiProblems) },
      { name: 'solvers', expression: found([solverProblems(spec.at('acme', 'solvers'))]) },
    ],
  });
}

/** That there is exactly one section is a rule of the schema. */
function section(name: string, of: (place: Place) => readonly Problem[]): string {
  const place = spec.at(name);
  return `${place.present} ? ${found(of(place))} : []`;
}

function caProblems(ca: Place): Problem[] {
  const urls = (name: string, path: string) =>
    each(ca.at(name).as(`spec.ca.${path}`), ['i', 'u'], (url) => [
      when(url.isEmpty, invalid(url, 'must be a valid URL, such as http://pki.example.com')),
    ]);
  return [
    needed(ca.at('secretName'), 'name the Secret with tls.crt and tls.key of the CA'),
    // cert-manager names this path without the last letter.
    urls('ocspServers', 'ocspServer'),
    urls('issuingCertificateURLs', 'issuingCertificateURLs'),
  ];
}

function vaultProblems(vault: Place): Problem[] {
  const [cert, key] = [vault.at('clientCertSecretRef'), vault.at('clientKeySecretRef')];
  const [bundle, reference] = [vault.at('caBundle'), vault.at('caBundleSecretRef')];
  const twoBundles = `${bundle.isSet} && ${reference.present}`;
  const bundles = 'caBundle and caBundleSecretRef exclude each other; set one of them';
  const each2 = 'clientCertSecretRef and clientKeySecretRef need each other';
  return [
    needed(vault.at('server'), 'give the URL of the Vault server'),
    needed(vault.at('path'), 'give the path of the sign endpoint, such as pki/sign/web'),
    dotDotProblem(vault.at('path')),
    when(
      `${bundle.isSet} && !${hasPem(bundle.text, 'CERTIFICATE')}`,
      invalidValue(bundle, `'"<snip>"'`, noBundle),
    ),
    when(twoBundles, invalidValue(bundle, `'"<snip>"'`, bundles)),
    when(twoBundles, invalidValue(reference, `strings.quote(${reference.at('name').text})`, bundles)),
    when(`${cert.present} && ${key.absent}`, invalidValue(key, `'""'`, each2)),
    when(`${key.present} && ${cert.absent}`, invalidValue(cert, `'""'`, each2)),
    ...vaultAuthProblems(vault.at('auth')),
  ];
}

function vaultAuthProblems(auth: Place): Problem[] {
  const methods = ['appRole', 'kubernetes', 'tokenSecretRef', 'clientCertificate', 'aws'];
  const [appRole, kubernetes, aws] = [auth.at('appRole'), auth.at('kubernetes'), auth.at('aws')];
  const certificate = auth.at('clientCertificate');
  const within = (place: Place, problems: readonly Problem[]) => when(place.present, together(problems));
  // An empty name counts as absent: Go clients always write that struct.
  const secret = kubernetes.at('secretRef', 'name').isSet;
  const account = kubernetes.at('serviceAccountRef');
  const oneOf = 'please supply one of: secretRef, serviceAccountRef';
  return [
    // Several are not refused here, because stored issuers have them; the controller reports them.
    when(
      methods.map((method) => auth.at(method).absent).join(' && '),
      required(auth, `please supply one of: ${methods.join(', ')}`),
    ),
    within(appRole, [
      needed(appRole.at('roleId'), 'give the role ID'),
      needed(appRole.at('secretRef', 'name'), 'name the Secret with the secret ID'),
      dotDotProblem(appRole.at('path')),
    ]),
    dotDotProblem(certificate.at('mountPath').as('spec.vault.auth.clientCertificate.path')),
    within(kubernetes, [
      needed(kubernetes.at('role'), 'give the Vault role'),
      dotDotProblem(kubernetes.at('mountPath').as('spec.vault.auth.kubernetes.path')),
      when(
        `${account.present} && ${account.at('name').isEmpty}`,
        required(account.at('name'), 'name the ServiceAccount'),
      ),
      when(`!(${secret}) && ${account.absent}`, required(kubernetes, oneOf)),
      when(`${secret} && ${account.present}`, forbidden(kubernetes, oneOf)),
    ]),
    within(aws, [
      needed(aws.at('role'), 'give the Vault role'),
      dotDotProblem(aws.at('mountPath')),
      ...awsAccountProblems(aws),
    ]),
  ];
}

function awsAccountProblems(aws: Place): Problem[] {
  const account = aws.at('serviceAccountRef');
  const arn = aws.at('iamRoleArn');
  return [
    when(
      `${account.present} && ${account.at('name').isEmpty}`,
      required(account.at('name'), 'name the ServiceAccount'),
    ),
    when(
      `${account.present} && ${arn.isEmpty}`,
      required(arn, 'iamRoleArn is required when using serviceAccountRef for IRSA'),
    ),
  ];
}

function venafiProblems(venafi: Place): Problem[] {
  const [tpp, cloud, ngts] = [venafi.at('tpp'), venafi.at('cloud'), venafi.at('ngts')];
  const count = [tpp, cloud, ngts].map((one) => `(${one.present} ? 1 : 0)`).join(' + ');
  const oneOf = 'please supply one of: tpp, cloud, ngts';
  return [
    needed(venafi.at('zone'), 'name the zone to request certificates in'),
    when(`${tpp.present} && ${tpp.at('url').isEmpty}`, required(tpp.at('url'), 'give the URL of the server')),
    when(
      `${tpp.at('caBundle').isSet} && ${tpp.at('caBundleSecretRef').present}`,
      forbidden(tpp, 'may not specify more than one of caBundle/caBundleSecretRef as TPP CA Bundle'),
    ),
    when(
      `${ngts.present} && ${ngts.at('tsgID').isEmpty}`,
      required(ngts.at('tsgID'), 'give the tenant service group'),
    ),
    when(
      `${ngts.present} && ${ngts.at('credentialsRef', 'name').isEmpty}`,
      required(ngts.at('credentialsRef', 'name'), 'name the Secret with client-id and client-secret'),
    ),
    when(`${count} == 0`, required(venafi, oneOf)),
    when(`${count} > 1`, forbidden(venafi, oneOf)),
  ];
}

function acmeProblems(acme: Place): Problem[] {
  const [bundle, skip] = [acme.at('caBundle'), acme.at('skipTLSVerify')];
  const both = `${bundle.isSet} && ${skip.isTrue}`;
  const detail = 'caBundle and skipTLSVerify are mutually exclusive and cannot both be set';
  const binding = acme.at('externalAccountBinding');
  return [
    when(both, invalidValue(bundle, `'""'`, detail)),
    when(`${bundle.isSet} && !${hasPem(bundle.text, 'CERTIFICATE')}`, invalidValue(bundle, `'""'`, noBundle)),
    when(both, invalidValue(skip, `'true'`, detail)),
    needed(
      acme.at('privateKeySecretRef', 'name'),
      'name the Secret for the account key; it is created when missing',
    ),
    needed(acme.at('server'), 'give the URL of the ACME directory'),
    when(
      binding.present,
      together([
        needed(binding.at('keyID'), 'the keyID field is required when using externalAccountBinding'),
        ...secretProblems(binding.at('keySecretRef')),
      ]),
    ),
  ];
}
