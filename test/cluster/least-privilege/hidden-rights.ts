/** Rights that the API server asks for while it admits a request: whoever has everything but one of them is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { PolicyRule } from '../../../src/cli/rbac/policy-rule.ts';
import type { RbacSettings } from '../../../src/cli/rbac/rbac-features.ts';
import { rulesFor } from '../../../src/cli/rbac/rules-for.ts';
import { LAYOUT } from '../../../tools/apiserver/access.ts';
import { describe, type Grant } from './evidence.ts';
import type { ScenarioWorld } from './world.ts';

const rbac = 'rbac.authorization.k8s.io';

/** A request that needs `grant`, as a dry run: allowed to the ServiceAccount, refused to its twin without that right. */
export async function proveHidden(world: ScenarioWorld, settings: RbacSettings, grant: Grant): Promise<void> {
  for (const name of grant.names ?? ['']) {
    const attempt = attemptFor(grant, name);
    const twin = await twinWithout(world, settings, grant, name);
    await attempt(world, `system:serviceaccount:${settings.namespace}:${grant.account}`);
    await assert.rejects(
      attempt(world, `system:serviceaccount:${settings.namespace}:${twin}`),
      (error: { stderr: string }) => {
        assert.match(error.stderr, /forbidden|does not have permission|cannot set|may not/iu);
        return true;
      },
      `${describe(grant)} ${name}: granted, and nothing is refused without it`,
    );
  }
}

let twins = 0;

/** A ServiceAccount with every right of the model but `name` of `grant`. */
async function twinWithout(
  world: ScenarioWorld,
  settings: RbacSettings,
  grant: Grant,
  name: string,
): Promise<string> {
  const twin = `twin-${(twins += 1)}`;
  const subjects = [{ kind: 'ServiceAccount', name: twin, namespace: settings.namespace }];
  const roles = rulesFor(settings);
  const objects = [...new Set(roles.map((role) => role.namespace))].flatMap((namespace) => {
    const kind = namespace === undefined ? 'ClusterRole' : 'Role';
    const metadata = { name: twin, ...(namespace === undefined ? {} : { namespace }) };
    const rules = roles
      .filter((role) => role.namespace === namespace)
      .flatMap((role) => role.rules.flatMap((rule) => without(rule, grant, name)));
    const roleRef = { apiGroup: rbac, kind, name: twin };
    return [
      { apiVersion: `${rbac}/v1`, kind, metadata, rules },
      { apiVersion: `${rbac}/v1`, kind: `${kind}Binding`, metadata, roleRef, subjects },
    ];
  });
  const metadata = { name: twin, namespace: settings.namespace };
  await world.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, ...objects);
  return twin;
}

function without(rule: PolicyRule, grant: Grant, name: string): PolicyRule[] {
  const meant =
    rule.apiGroups.includes(grant.group) &&
    rule.resources.includes(grant.resource) &&
    rule.verbs.includes(grant.verb);
  if (!meant) return [rule];
  const resourceNames = rule.resourceNames?.filter((other) => other !== name) ?? [];
  return resourceNames.length === 0 ? [] : [{ ...rule, resourceNames }];
}

type Attempt = (world: ScenarioWorld, user: string) => Promise<unknown>;

function attemptFor({ group, resource, verb }: Grant, name: string): Attempt {
  if (resource === 'signers' && verb === 'approve') return approval(name);
  if (resource === 'signers' && verb === 'sign') return signature(name);
  if (resource.endsWith('/finalizers')) return ownership(group, resource.replace('/finalizers', ''));
  if (resource === 'tlsroutes' && verb === 'create') return appliedRoute;
  throw new Error(`no request is known that needs ${verb} on ${resource}`);
}

/** Somebody's request for an issuer of that kind, approved. */
function approval(name: string): Attempt {
  const kind = name.startsWith('clusterissuers') ? 'ClusterIssuer' : 'Issuer';
  return async (world, user) => {
    const requestName = `approve-${kind.toLowerCase()}`;
    // No controller of ours runs by now: it stays unapproved.
    await world.create({
      apiVersion: 'cert-manager.io/v1',
      kind: 'CertificateRequest',
      metadata: { name: requestName },
      spec: {
        request: await sampleRequest(world),
        issuerRef: { kind, name: 'ca', group: 'cert-manager.io' },
      },
    });
    const condition = { type: 'Approved', status: 'True', reason: 'test', message: 'test' };
    const path = `/apis/cert-manager.io/v1/namespaces/shop/certificaterequests/${requestName}/status`;
    await patchAs(world, user, path, { status: { conditions: [condition] } });
  };
}

function signature(name: string): Attempt {
  const csr = name.startsWith('clusterissuers') ? 'cluster' : 'namespaced';
  return async (world, user) => {
    const certificate = await world.kubectl('get', `csr/${csr}`, '-o', 'jsonpath={.status.certificate}');
    const original = await world.kubectl('get', `csr/${csr}`, '-o', 'jsonpath={.spec.request}');
    const again = `${csr}-again`;
    await world.create({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: again },
      spec: {
        signerName: name.replace('/*', csr === 'cluster' ? '/root' : '/shop.ca'),
        request: original,
        usages: ['digital signature', 'key encipherment'],
      },
    });
    const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${again}/status`;
    await patchAs(world, user, path, { status: { certificate } });
  };
}

/** Nothing of that name is there. */
async function appliedRoute(world: ScenarioWorld, user: string): Promise<void> {
  const apiVersion = 'gateway.networking.k8s.io/v1';
  const route = {
    apiVersion,
    kind: 'TLSRoute',
    metadata: { name: 'applied' },
    spec: { hostnames: ['a.example'], rules: [{ backendRefs: [{ name: 'a', port: 443 }] }] },
  };
  const path = `/apis/${apiVersion}/namespaces/shop/tlsroutes/applied?fieldManager=test`;
  await patchAs(world, user, path, route, 'application/apply-patch+yaml');
}

/** Something that its owner waits for when it is deleted. */
function ownership(group: string, plural: string): Attempt {
  const owners: Readonly<Record<string, string>> = {
    certificates: 'late',
    ingresses: 'ingress',
    gateways: 'gateway',
    listenersets: 'set',
    xlistenersets: 'xset',
  };
  return async (world, user) => {
    // Those of ACME have a number in their names that nobody need know.
    const name = owners[plural] ?? (await world.list(`${plural}.${group}`, '-n', 'shop'))[0]?.metadata.name;
    const found = await world.kubectl('get', `${plural}.${group}/${name}`, '-n', 'shop', '-o', 'json');
    const { apiVersion, kind, metadata } = JSON.parse(found) as {
      apiVersion: string;
      kind: string;
      metadata: { name: string; uid: string };
    };
    const owner = {
      apiVersion,
      kind,
      name: metadata.name,
      uid: metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    };
    // What is owned does not matter to the right on the owner.
    const isSecret = group.endsWith('cert-manager.io');
    const owned = {
      apiVersion: isSecret ? 'v1' : 'cert-manager.io/v1',
      kind: isSecret ? 'Secret' : 'Certificate',
      metadata: { name: 'owned', namespace: 'shop', ownerReferences: [owner] },
      ...(isSecret
        ? {}
        : { spec: { secretName: 'owned', dnsNames: ['a.example'], issuerRef: { name: 'ca' } } }),
    };
    const file = join(world.cluster.folder, 'owned.json');
    await writeFile(file, JSON.stringify(owned));
    await world.kubectl('create', '--dry-run=server', `--as=${user}`, '-f', file);
  };
}

async function sampleRequest(world: ScenarioWorld): Promise<string> {
  return world.kubectl('get', 'certificaterequest/late-1', '-n', 'shop', '-o', 'jsonpath={.spec.request}');
}

/** Without kubectl, which reads what it patches, and that is a right of its own. Rejects like it does, with `stderr`. */
async function patchAs(
  world: ScenarioWorld,
  user: string,
  path: string,
  patch: object,
  type = 'application/merge-patch+json',
): Promise<void> {
  const { url, ca, folder } = world.cluster;
  const [key, cert] = await Promise.all(
    ['key', 'crt'].map((suffix) => readFile(join(folder, LAYOUT.pki, `client-admin.${suffix}`), 'utf8')),
  );
  const headers = { 'content-type': type, 'impersonate-user': user };
  const asked = request(`${url}${path}${path.includes('?') ? '&' : '?'}dryRun=All`, {
    method: 'PATCH',
    headers,
    ca,
    key,
    cert,
  });
  asked.end(JSON.stringify(patch));
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const body = await text(response);
  if (response.statusCode !== 200 && response.statusCode !== 201)
    throw Object.assign(new Error(body), { stderr: body });
}
