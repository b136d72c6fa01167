/** CAs are trusted by the roots of the machine, where an issuer brings none of its own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeRoot, makeSigned } from '../../tools/peers/acme/test-pki.ts';
import { start, workspace, write } from './cli/run-cli.ts';

const cases = {
  'up, as it is started': {},
  // It does not start itself anew then, and sees to the roots itself.
  'up with a heap that somebody has sized': { NODE_OPTIONS: '--max-semi-space-size=4' },
  // They are those of the machine as well, and no other flag may say so again.
  "up with OpenSSL's own roots": { NODE_OPTIONS: '--use-openssl-ca' },
};

for (const [title, more] of Object.entries(cases))
  test(`${title}, takes a CA whose root the machine trusts`, async (t) => {
    const folder = workspace(t);
    const file = (name: string): string => join(folder, name);
    await makeRoot(folder, 'root');
    await makeSigned(folder, 'root', 'ca', ['127.0.0.1']);
    const asked: string[] = [];
    const server = createServer(
      { key: readFileSync(file('ca.key')), cert: readFileSync(file('ca.crt')) },
      (request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(404).end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    write(
      file('manifests/issuer.yaml'),
      `apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: own }
spec:
  acme:
    server: https://127.0.0.1:${port}/directory
    privateKeySecretRef: { name: own-account }
    solvers: [{ http01: { listener: {} } }]
`,
    );
    const [data, manifests] = [file('data'), file('manifests')];
    const args = ['up', '--data-dir', data, '--manifests', manifests, '--listen', '127.0.0.1:0'];
    // Where OpenSSL, and with it every other program, looks for the roots of the machine.
    const roots = { SSL_CERT_FILE: file('root.crt'), SSL_CERT_DIR: folder };
    const up = start(t, args, { ...roots, ...more });
    // The connection stands: what is wrong is what this server says.
    await up.seen(/Failed to register ACME account.*is that the address of an ACME directory/u);
    assert.ok(asked.includes('/directory'));
    up.child.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
  });
