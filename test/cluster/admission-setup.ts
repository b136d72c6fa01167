/** Puts namespaces and rights onto the real API server for the admission suites, and takes objects away again. */
import { certificateRequests, challenges, orders } from '../../src/api/resources.ts';
import { namespace, pathOf } from './admission-player.ts';
import { untilAllowed } from './rights.ts';
import type { Side } from './two-servers.ts';

interface Named {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

function pathOfObject({ apiVersion, kind, metadata }: Named): string {
  const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  return `/apis/${apiVersion}/${plural.toLowerCase()}/${metadata.name}`;
}

export async function apply(server: Side, object: object): Promise<void> {
  const answer = await server({
    method: 'PATCH',
    path: `${pathOfObject(object as Named)}?fieldManager=test&force=true`,
    type: 'application/apply-patch+yaml',
    body: object,
  });
  if (answer.status > 201) throw new Error(JSON.stringify(answer.body));
}

export async function makeNamespace(server: Side, name = namespace, labels: object = {}): Promise<void> {
  const metadata = { name, labels };
  await server({ method: 'POST', path: '/api/v1/namespaces', body: { metadata } });
}

/** What the tables left; the namespace stays, because nobody but a controller manager ends one. */
export async function removeObjects(server: Side): Promise<void> {
  for (const type of [certificateRequests, orders, challenges])
    await server({ method: 'DELETE', path: pathOf(type) });
}

/** Lets a user write CertificateRequests and their status everywhere, and, where named, approve for signers. */
export async function grant(server: Side, user: string, ...signers: string[]): Promise<void> {
  const api = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: `admission-${user}` };
  const rules = [
    {
      apiGroups: ['cert-manager.io'],
      resources: ['certificaterequests', 'certificaterequests/status'],
      verbs: ['create', 'get', 'update', 'patch', 'delete'],
    },
    ...(signers.length === 0
      ? []
      : [
          {
            apiGroups: ['cert-manager.io'],
            resources: ['signers'],
            resourceNames: signers,
            verbs: ['approve'],
          },
        ]),
  ];
  await apply(server, { apiVersion: api, kind: 'ClusterRole', metadata, rules });
  await apply(server, {
    apiVersion: api,
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await server({ method: method as 'POST', path, body });
    return { status: answer.status, body: JSON.stringify(answer.body) };
  };
  const group = 'cert-manager.io';
  await untilAllowed(
    { ask },
    user,
    { group, resource: 'certificaterequests', verb: 'create', namespace },
    ...signers.map((name) => ({ group, resource: 'signers', verb: 'approve', name })),
  );
}
