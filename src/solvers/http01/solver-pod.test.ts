/** The solver Pod, field by field, and what a template may change of it (spec/acme.md §8.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityLabels } from './identity.ts';
import { solverPod } from './solver-pod.ts';
import { key, sampleChallenge, sampleSettings, token } from './testing/sample-challenge.ts';

test('without a template', () => {
  const challenge = sampleChallenge({ ingress: {} });
  const { metadata, spec } = solverPod(challenge, sampleSettings());
  assert.deepEqual(metadata?.labels, identityLabels(challenge));
  assert.deepEqual(metadata.annotations, {
    'sidecar.istio.io/inject': 'false',
    'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true',
  });
  assert.deepEqual(spec, {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'OnFailure',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'acmesolver',
        image: 'example.test/acmesolver:1',
        imagePullPolicy: 'IfNotPresent',
        args: ['--listen-port=8089', '--domain=www.example.com', `--token=${token}`, `--key=${key}`],
        ports: [{ name: 'http', containerPort: 8089, protocol: 'TCP' }],
        resources: {
          requests: { cpu: '10m', memory: '64Mi' },
          limits: { cpu: '100m', memory: '64Mi' },
        },
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  });
});

test('a template adds, overlays and replaces, each field by its rule', () => {
  const challenge = sampleChallenge({
    ingress: {
      podTemplate: {
        metadata: {
          labels: { team: 'web', 'acme.cert-manager.io/http-domain': '1' },
          annotations: { 'sidecar.istio.io/inject': 'true', note: 'x' },
        },
        spec: {
          nodeSelector: { zone: 'a', 'kubernetes.io/os': 'windows' },
          tolerations: [{ key: 'edge', operator: 'Exists' }],
          imagePullSecrets: [{ name: 'registry' }],
          priorityClassName: 'high',
          serviceAccountName: 'solver',
          affinity: { nodeAffinity: {} },
          securityContext: { runAsUser: 1000 },
          resources: { limits: { memory: '128Mi' }, requests: { 'example.com/gpu': 1 } },
        },
      },
    },
  });
  const { metadata, spec } = solverPod(challenge, sampleSettings({ extraLabels: { team: 'ops', org: 'x' } }));
  // cert-manager lets the template win, and then does not find its own Pod again.
  assert.deepEqual(metadata?.labels, { team: 'web', org: 'x', ...identityLabels(challenge) });
  assert.equal(metadata.annotations?.['sidecar.istio.io/inject'], 'true');
  assert.equal(metadata.annotations['cluster-autoscaler.kubernetes.io/safe-to-evict'], 'true');
  assert.deepEqual(spec?.nodeSelector, { 'kubernetes.io/os': 'windows', zone: 'a' });
  assert.deepEqual(spec.tolerations, [{ key: 'edge', operator: 'Exists' }]);
  assert.deepEqual(spec.imagePullSecrets, [{ name: 'registry' }]);
  assert.equal(spec.priorityClassName, 'high');
  assert.equal(spec.serviceAccountName, 'solver');
  assert.deepEqual(spec.affinity, { nodeAffinity: {} });
  assert.deepEqual(spec.securityContext, { runAsUser: 1000 });
  assert.deepEqual(spec.containers[0]?.resources, {
    requests: { cpu: '10m', memory: '64Mi', 'example.com/gpu': 1 },
    limits: { cpu: '100m', memory: '128Mi' },
  });
});

test('flags: runtime class, root, and amounts that are left out', () => {
  const { pod } = sampleSettings();
  const settings = sampleSettings({
    pod: { ...pod, runtimeClassName: 'gvisor', runAsNonRoot: false, limitCpu: '' },
  });
  const { spec } = solverPod(sampleChallenge({ gatewayHTTPRoute: {} }), settings);
  assert.equal(spec?.runtimeClassName, 'gvisor');
  assert.deepEqual(spec.securityContext, {
    runAsNonRoot: false,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.deepEqual(spec.containers[0]?.resources?.limits, { memory: '64Mi' });
});

test('without an image, the flag is named', () => {
  const { pod } = sampleSettings();
  assert.throws(
    () => solverPod(sampleChallenge({ ingress: {} }), sampleSettings({ pod: { ...pod, image: '' } })),
    /--acme-http01-solver-image/,
  );
});
