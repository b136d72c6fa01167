/** Validation of the Vault section (spec/api.md §12). */
import { caBundleProblem } from './ca-bundle.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

export function validateVaultIssuer(vault: Field, errors: FieldErrors): void {
  required(vault.at('server'), 'give the URL of the Vault server', errors);
  required(vault.at('path'), 'give the path of the sign endpoint, such as pki/sign/web', errors);
  noDotDot(vault.at('path'), errors);
  validateBundle(vault, errors);
  const [cert, key] = [vault.at('clientCertSecretRef'), vault.at('clientKeySecretRef')];
  if (cert.present !== key.present) {
    const missing = cert.present ? key : cert;
    errors.invalid(missing, 'clientCertSecretRef and clientKeySecretRef need each other', '');
  }
  validateAuth(vault.at('auth'), errors);
}

function validateBundle(vault: Field, errors: FieldErrors): void {
  const bundle = vault.at('caBundle');
  if (bundle.text === '') return;
  const problem = caBundleProblem(bundle.text);
  if (problem !== undefined) errors.invalid(bundle, problem, '<snip>');
  const reference = vault.at('caBundleSecretRef');
  if (!reference.present) return;
  const detail = 'caBundle and caBundleSecretRef exclude each other; set one of them';
  errors.invalid(bundle, detail, '<snip>');
  errors.invalid(reference, detail, reference.at('name').text);
}

function validateAuth(auth: Field, errors: FieldErrors): void {
  const methods = ['appRole', 'kubernetes', 'tokenSecretRef', 'clientCertificate', 'aws'];
  // Several are not refused here, because stored issuers have them; the controller reports them.
  if (methods.every((method) => !auth.at(method).present)) {
    errors.required(auth, `please supply one of: ${methods.join(', ')}`);
  }
  if (auth.at('appRole').present) validateAppRole(auth.at('appRole'), errors);
  const certificate = auth.at('clientCertificate');
  noDotDot(certificate.at('mountPath').as(`${certificate.path}.path`), errors);
  if (auth.at('kubernetes').present) validateKubernetes(auth.at('kubernetes'), errors);
  if (auth.at('aws').present) validateAws(auth.at('aws'), errors);
}

function validateAppRole(appRole: Field, errors: FieldErrors): void {
  required(appRole.at('roleId'), 'give the role ID', errors);
  required(appRole.at('secretRef', 'name'), 'name the Secret with the secret ID', errors);
  noDotDot(appRole.at('path'), errors);
}

function validateKubernetes(kubernetes: Field, errors: FieldErrors): void {
  required(kubernetes.at('role'), 'give the Vault role', errors);
  noDotDot(kubernetes.at('mountPath').as(`${kubernetes.path}.path`), errors);
  // An empty name counts as absent: Go clients always write that struct.
  const secret = kubernetes.at('secretRef', 'name').text !== '';
  const account = kubernetes.at('serviceAccountRef');
  if (account.present) required(account.at('name'), 'name the ServiceAccount', errors);
  if (!secret && !account.present) {
    errors.required(kubernetes, 'please supply one of: secretRef, serviceAccountRef');
  } else if (secret && account.present) {
    errors.forbidden(kubernetes, 'please supply one of: secretRef, serviceAccountRef');
  }
}

function validateAws(aws: Field, errors: FieldErrors): void {
  required(aws.at('role'), 'give the Vault role', errors);
  noDotDot(aws.at('mountPath'), errors);
  const account = aws.at('serviceAccountRef');
  if (!account.present) return;
  required(account.at('name'), 'name the ServiceAccount', errors);
  required(aws.at('iamRoleArn'), 'iamRoleArn is required when using serviceAccountRef for IRSA', errors);
}

function required(field: Field, detail: string, errors: FieldErrors): void {
  if (field.text === '') errors.required(field, detail);
}

/** Paths go into URLs as they are. */
function noDotDot(path: Field, errors: FieldErrors): void {
  if (path.text.split('/').includes('..')) errors.invalid(path, "must not contain '..' path segments");
}
