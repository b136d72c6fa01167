/** What a schema cannot say about Ingresses and IngressClasses: names, hosts, paths and backends. */
import { isIP } from 'node:net';
import type { FieldError } from '../../../api/admission.ts';
import { ingressClass as classAnnotation } from '../../../api/annotations.ts';
import { metaOf, textOf, type JsonObject } from '../resource-entry.ts';

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const subdomain = new RegExp(`^${label}(?:\\.${label})*$`);
const serviceName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const portName = /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?$/;
const inPath = ['//', '/./', '/../', '%2f', '%2F'];
const endOfPath = ['/..', '/.'];
const nameWords =
  'must be lower case letters, digits, "-" and ".", beginning and ending with a letter or digit, at most 253';

type Old = JsonObject | undefined;

export function ingressErrors(ingress: JsonObject, old: Old): FieldError[] {
  const spec = part(ingress, 'spec');
  const errors: FieldError[] = [];
  const rules = listOf(spec['rules']);
  const fallback = spec['defaultBackend'];
  if (rules.length === 0 && fallback === undefined)
    errors.push({
      type: 'Invalid',
      path: 'spec',
      value: [],
      detail: 'either `defaultBackend` or `rules` must be specified',
    });
  if (fallback !== undefined) errors.push(...backendErrors(asObject(fallback), 'spec.defaultBackend'));
  for (const [i, rule] of rules.entries()) errors.push(...ruleErrors(rule, `spec.rules[${i}]`));
  // Names that an older release let in may stay as long as they are there.
  const checksNames = old === undefined || tlsOf(old).every(({ secretName }) => isSecretName(secretName));
  for (const [i, { hosts, secretName }] of tlsOf(ingress).entries()) {
    for (const [j, host] of hosts.entries()) errors.push(...hostErrors(host, `spec.tls[${i}].hosts[${j}]`));
    if (checksNames && !isSecretName(secretName))
      errors.push({
        type: 'Invalid',
        path: `spec.tls[${i}].secretName`,
        value: secretName,
        detail: nameWords,
      });
  }
  const className = spec['ingressClassName'];
  if (typeof className === 'string' && !isSubdomain(className))
    errors.push({ type: 'Invalid', path: 'spec.ingressClassName', value: className, detail: nameWords });
  const annotated = metaOf(ingress).annotations?.[classAnnotation];
  if (
    old === undefined &&
    annotated !== undefined &&
    typeof className === 'string' &&
    annotated !== className
  )
    errors.push({
      type: 'Invalid',
      path: `annotations.${classAnnotation}`,
      value: annotated,
      detail: 'must match `ingressClassName` when both are specified',
    });
  return errors;
}

export function ingressClassErrors(object: JsonObject): FieldError[] {
  const spec = part(object, 'spec');
  const controller = textOf(spec['controller']);
  const errors: FieldError[] = [];
  const [domain = '', ...rest] = controller.split('/');
  if (controller.length > 250)
    errors.push({ type: 'TooLong', path: 'spec.controller', detail: 'may not be more than 250 bytes' });
  if (controller === '')
    errors.push({ type: 'Required', path: 'spec.controller', detail: 'name the controller as domain/path' });
  else if (!isSubdomain(domain) || rest.join('/') === '')
    errors.push({
      type: 'Invalid',
      path: 'spec.controller',
      value: controller,
      detail: 'must be a domain-prefixed path (such as "acme.io/foo")',
    });
  const parameters = spec['parameters'];
  if (parameters === undefined) return errors;
  const { scope, namespace } = asObject(parameters);
  errors.push(...referenceErrors(asObject(parameters), 'spec.parameters'));
  if (scope !== 'Cluster' && scope !== 'Namespace')
    errors.push({
      type: 'NotSupported',
      path: 'spec.parameters.scope',
      value: scope,
      detail: 'supported values: "Cluster", "Namespace"',
    });
  if (scope === 'Namespace' && textOf(namespace) === '')
    errors.push({
      type: 'Required',
      path: 'spec.parameters.namespace',
      detail: "`parameters.scope` is set to 'Namespace'",
    });
  if (scope === 'Cluster' && namespace !== undefined)
    errors.push({
      type: 'Forbidden',
      path: 'spec.parameters.namespace',
      detail: "`parameters.scope` is set to 'Cluster'",
    });
  return errors;
}

function ruleErrors(rule: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const host = textOf(rule['host']);
  if (host !== '') {
    if (isIP(host) !== 0)
      errors.push({
        type: 'Invalid',
        path: `${field}.host`,
        value: host,
        detail: 'must be a DNS name, not an IP address',
      });
    errors.push(...hostErrors(host, `${field}.host`));
  }
  if (rule['http'] === undefined) return errors;
  const paths = listOf(asObject(rule['http'])['paths']);
  if (paths.length === 0)
    errors.push({ type: 'Required', path: `${field}.http.paths`, detail: 'say where requests go' });
  for (const [i, path] of paths.entries()) errors.push(...pathErrors(path, `${field}.http.paths[${i}]`));
  return errors;
}

function pathErrors(entry: JsonObject, field: string): FieldError[] {
  const pathType = textOf(entry['pathType']);
  if (pathType === '')
    return [{ type: 'Required', path: `${field}.pathType`, detail: 'pathType must be specified' }];
  const path = textOf(entry['path']);
  const errors: FieldError[] = [];
  const invalid = (detail: string): void => {
    errors.push({ type: 'Invalid', path: `${field}.path`, value: path, detail });
  };
  const known = ['Exact', 'ImplementationSpecific', 'Prefix'];
  if (!known.includes(pathType)) {
    errors.push({
      type: 'NotSupported',
      path: `${field}.pathType`,
      value: pathType,
      detail: `supported values: ${known.map((each) => `"${each}"`).join(', ')}`,
    });
  } else {
    const free = pathType === 'ImplementationSpecific';
    if (!path.startsWith('/') && !(free && path === '')) invalid('must be an absolute path');
    if (!free) {
      for (const bad of inPath) if (path.includes(bad)) invalid(`must not contain '${bad}'`);
      for (const bad of endOfPath) if (path.endsWith(bad)) invalid(`cannot end with '${bad}'`);
    }
  }
  return [...errors, ...backendErrors(asObject(entry['backend']), `${field}.backend`)];
}

function backendErrors(backend: JsonObject, field: string): FieldError[] {
  const invalid = (path: string, value: unknown, detail: string): FieldError => ({
    type: 'Invalid',
    path,
    value,
    detail,
  });
  const { service, resource } = backend;
  if (service !== undefined && resource !== undefined)
    return [invalid(field, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return referenceErrors(asObject(resource), `${field}.resource`);
  if (service === undefined) return [invalid(field, '', 'resource or service backend is required')];
  const { name, port } = asObject(service);
  const { name: wordOfPort, number } = asObject(port);
  const errors: FieldError[] = [];
  const hasNumber = typeof number === 'number' && number !== 0;
  if (textOf(name) === '')
    errors.push({ type: 'Required', path: `${field}.service.name`, detail: 'name the service' });
  else if (!serviceName.test(textOf(name)))
    errors.push(
      invalid(`${field}.service.name`, name, 'must be lower case letters, digits and "-", at most 63'),
    );
  if (textOf(wordOfPort) !== '' && hasNumber)
    errors.push(invalid(field, '', 'cannot set both port name & port number'));
  else if (textOf(wordOfPort) !== '') {
    if (!portName.test(textOf(wordOfPort)))
      errors.push(
        invalid(
          `${field}.service.port.name`,
          wordOfPort,
          'must be at most 15 lower case letters, digits and "-", with at least one letter',
        ),
      );
  } else if (hasNumber) {
    if (number < 1 || number > 65_535)
      errors.push(invalid(`${field}.service.port.number`, number, 'must be between 1 and 65535, inclusive'));
  } else errors.push({ type: 'Required', path: field, detail: 'port name or number is required' });
  return errors;
}

function referenceErrors(reference: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup } = reference;
  if (typeof apiGroup === 'string' && !isSubdomain(apiGroup))
    errors.push({ type: 'Invalid', path: `${field}.apiGroup`, value: apiGroup, detail: nameWords });
  for (const key of ['kind', 'name']) {
    const value = textOf(reference[key]);
    if (value === '')
      errors.push({ type: 'Required', path: `${field}.${key}`, detail: 'refers to nothing without it' });
    else if (value === '.' || value === '..' || /[/%]/.test(value))
      errors.push({
        type: 'Invalid',
        path: `${field}.${key}`,
        value,
        detail: 'may not be "." or "..", nor contain "/" or "%"',
      });
  }
  return errors;
}

function hostErrors(host: string, field: string): FieldError[] {
  const wildcard = host.includes('*');
  if (isSubdomain(wildcard && host.startsWith('*.') ? host.slice(2) : host) && host.length <= 253) return [];
  const detail = wildcard
    ? 'a wildcard DNS-1123 subdomain begins with "*." and has no other asterisk (such as "*.example.com")'
    : nameWords;
  return [{ type: 'Invalid', path: field, value: host.slice(0, 300), detail }];
}

function tlsOf(ingress: JsonObject): { hosts: string[]; secretName: string }[] {
  return listOf(part(ingress, 'spec')['tls']).map(({ hosts, secretName }) => ({
    hosts: Array.isArray(hosts) ? hosts.map(textOf) : [],
    secretName: textOf(secretName),
  }));
}

function isSecretName(name: string): boolean {
  return name === '' || isSubdomain(name);
}

function isSubdomain(name: string): boolean {
  return name.length <= 253 && subdomain.test(name);
}

function part(of: JsonObject, key: string): JsonObject {
  return asObject(of[key]);
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}
