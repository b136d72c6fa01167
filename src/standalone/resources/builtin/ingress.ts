/** Ingresses and IngressClasses (networking.k8s.io/v1): stored, checked and shown; who serves their traffic is somebody else. */
import { isDeepStrictEqual } from 'node:util';
import { ingressClasses, ingresses } from '../../../api/networking.ts';
import { defineResource } from '../define-resource.ts';
import { ageColumn, nameColumn } from '../printing.ts';
import { textOf, type JsonObject } from '../resource-entry.ts';
import { int, object, text } from '../schemas.ts';
import { ingressClassErrors, ingressErrors } from './ingress-rules.ts';

const atomic = { 'x-kubernetes-list-type': 'atomic' } as const;

const typedReference = {
  ...object(
    'An object of the same namespace.',
    {
      apiGroup: text('Group of the object; empty for the core group.'),
      kind: text('Kind of the object.'),
      name: text('Name of the object.'),
    },
    ['kind', 'name'],
  ),
  'x-kubernetes-map-type': 'atomic',
};

const backend = object('Where traffic goes: a service or a resource.', {
  service: object(
    'A service of the same namespace.',
    {
      name: text('Name of the service.'),
      port: object('Port of the service, by name or by number.', {
        name: text('Name of the port.'),
        number: int('Number of the port.'),
      }),
    },
    ['name'],
  ),
  resource: typedReference,
});

const path = object(
  'Requests for a path.',
  {
    path: text('The path, beginning with a slash.'),
    pathType: text('How the path is compared: Exact, Prefix or ImplementationSpecific.'),
    backend,
  },
  ['pathType', 'backend'],
);

const rule = object('Requests for a host.', {
  host: text('A host name; the first label may be a wildcard. All hosts where absent.'),
  http: object(
    'Requests over HTTP.',
    { paths: { type: 'array', description: 'Paths and where they go.', items: path, ...atomic } },
    ['paths'],
  ),
});

const tls = object('Hosts and the Secret with their certificate.', {
  hosts: { type: 'array', description: 'Names in the certificate.', items: { type: 'string' }, ...atomic },
  secretName: text('Secret with tls.crt and tls.key; with an annotation that names an issuer it is made.'),
});

const portStatus = object(
  'A port that is served.',
  {
    port: int('Number of the port.'),
    protocol: text('TCP, UDP or SCTP.'),
    error: text('Why the port is not served.'),
  },
  ['port', 'protocol'],
);

const address = object('An entry point.', {
  ip: text('Its IP address.'),
  hostname: text('Its name.'),
  ports: { type: 'array', description: 'Its ports.', items: portStatus, ...atomic },
});

export const ingressEntry = defineResource({
  type: ingresses,
  description: 'Rules by which requests from outside reach services.',
  properties: {
    spec: object('What is wanted.', {
      ingressClassName: text('The IngressClass, and with it the controller, that this is for.'),
      defaultBackend: backend,
      rules: { type: 'array', description: 'Hosts and where they go.', items: rule, ...atomic },
      tls: { type: 'array', description: 'Certificates of hosts.', items: tls, ...atomic },
    }),
    status: object('What is there.', {
      loadBalancer: object('Where traffic comes in.', {
        ingress: { type: 'array', description: 'The entry points.', items: address, ...atomic },
      }),
    }),
  },
  statusSubresource: true,
  tracksGeneration: true,
  columns: [
    nameColumn,
    column(
      'Class',
      'The IngressClass.',
      (ingress) => textOf(part(ingress, 'spec')['ingressClassName']) || '<none>',
    ),
    column('Hosts', 'Host names of the rules.', hostsOf),
    column('Address', 'Where traffic comes in.', addressOf),
    column('Ports', 'Ports that are open.', (ingress) =>
      listAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80',
    ),
    ageColumn,
  ],
  prepare: (ingress, old, _now, subresource) => {
    if (old === undefined) ingress['status'] = { loadBalancer: {} };
    else if (subresource === 'status' && part(ingress, 'status')['loadBalancer'] === undefined)
      ingress['status'] = { ...part(ingress, 'status'), loadBalancer: {} };
  },
  validate: ingressErrors,
});

export const ingressClassEntry = defineResource({
  type: ingressClasses,
  description: 'A class of Ingresses, served by one controller.',
  properties: {
    spec: object('What is wanted.', {
      controller: text('The controller, as domain/path; cannot be changed.'),
      parameters: object(
        'An object with settings of the controller.',
        {
          apiGroup: text('Group of the object; empty for the core group.'),
          kind: text('Kind of the object.'),
          name: text('Name of the object.'),
          scope: text('Cluster (default) or Namespace.'),
          namespace: text('Namespace of the object; required with scope Namespace.'),
        },
        ['kind', 'name'],
      ),
    }),
  },
  tracksGeneration: true,
  columns: [
    nameColumn,
    column('Controller', 'Who serves the class.', (it) => textOf(part(it, 'spec')['controller'])),
    column('Parameters', 'Object with settings.', parametersOf),
    ageColumn,
  ],
  prepare: (it) => {
    const parameters = part(it, 'spec')['parameters'];
    if (typeof parameters === 'object' && parameters !== null)
      (parameters as JsonObject)['scope'] ??= 'Cluster';
  },
  validate: (it, old) => [
    ...ingressClassErrors(it),
    ...(old !== undefined &&
    !isDeepStrictEqual(part(old, 'spec')['controller'], part(it, 'spec')['controller'])
      ? [
          {
            type: 'Invalid' as const,
            path: 'spec.controller',
            value: part(it, 'spec')['controller'],
            detail: 'field is immutable',
          },
        ]
      : []),
  ],
});

function column(name: string, description: string, cell: (it: JsonObject) => string) {
  return { name, type: 'string' as const, description, cell };
}

function part(of: JsonObject, key: string): JsonObject {
  const found = of[key];
  return typeof found === 'object' && found !== null ? (found as JsonObject) : {};
}

function listAt(of: JsonObject, outer: string, inner: string): JsonObject[] {
  const found = part(of, outer)[inner];
  return Array.isArray(found) ? (found as JsonObject[]) : [];
}

/** Three names, and how many rules come after the third. */
function hostsOf(ingress: JsonObject): string {
  const rules = listAt(ingress, 'spec', 'rules');
  const hosts: string[] = [];
  for (const { host } of rules) {
    if (hosts.length === 3) return `${hosts.join(',')} + ${rules.length - 3} more...`;
    if (textOf(host) !== '') hosts.push(textOf(host));
  }
  return hosts.length === 0 ? '*' : hosts.join(',');
}

function addressOf(ingress: JsonObject): string {
  const found = new Set<string>();
  for (const { ip, hostname } of listAt(part(ingress, 'status'), 'loadBalancer', 'ingress')) {
    const name = textOf(ip) || textOf(hostname);
    if (name !== '') found.add(name);
  }
  return [...found].toSorted().join(',');
}

function parametersOf(it: JsonObject): string {
  const parameters = part(part(it, 'spec'), 'parameters');
  if (textOf(parameters['name']) === '') return '<none>';
  const group = textOf(parameters['apiGroup']);
  const kind = textOf(parameters['kind']) + (group === '' ? '' : `.${group}`);
  return `${kind}/${textOf(parameters['name'])}`;
}
