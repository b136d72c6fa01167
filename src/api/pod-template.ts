/** What users may change on the pods that answer HTTP-01 challenges. */
import { Type } from 'typebox';
import { affinitySchema } from './affinity.ts';
import { flag, int64, list, listMap, map, object, optional, text, textMap, type Static } from './schema.ts';

const securityContextSchema = object('Security settings of the pod; those of the solver container win.', {
  seLinuxOptions: optional(
    object('SELinux context.', {
      user: optional(text('SELinux user label.')),
      role: optional(text('SELinux role label.')),
      type: optional(text('SELinux type label.')),
      level: optional(text('SELinux level label.')),
    }),
  ),
  runAsUser: optional(int64('User ID of the process.')),
  runAsGroup: optional(int64('Group ID of the process.')),
  runAsNonRoot: optional(flag('Refuse to start as user 0.')),
  supplementalGroups: optional(
    list(Type.Unsafe<number>({ type: 'integer', format: 'int64' }), 'Further group IDs.'),
  ),
  fsGroup: optional(int64('Group ID that owns mounted volumes.')),
  fsGroupChangePolicy: optional(
    text('When to change the owner of volumes: Always or OnRootMismatch. Default: Always.'),
  ),
  sysctls: optional(
    list(
      object('A kernel parameter.', {
        name: text('Name of the parameter.'),
        value: text('Value of the parameter.'),
      }),
      'Kernel parameters of the pod.',
    ),
  ),
  seccompProfile: optional(
    object('Seccomp profile.', {
      type: text('RuntimeDefault, Localhost or Unconfined.'),
      localhostProfile: optional(text('File on the node. Only, and always, with type Localhost.')),
    }),
  ),
});

const tolerationSchema = object('A taint that the pod tolerates.', {
  key: optional(text('Taint key. Empty with operator Exists: every taint.')),
  operator: optional(text('Exists or Equal. Default: Equal.')),
  value: optional(text('Taint value, with operator Equal.')),
  effect: optional(text('NoSchedule, PreferNoSchedule or NoExecute. Default: all of them.')),
  tolerationSeconds: optional(
    int64('How long to stay after a NoExecute taint, in seconds. Default: for ever.'),
  ),
});

const quantity = Type.Unsafe<number | string>({
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern:
    '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  'x-kubernetes-int-or-string': true,
});

const podSpecSchema = object('Pod settings to add; no others can be changed.', {
  nodeSelector: optional(textMap('Labels that the node must carry.')),
  affinity: optional(affinitySchema),
  tolerations: optional(list(tolerationSchema, 'Taints that the pod tolerates.')),
  priorityClassName: optional(text('Priority class of the pod.')),
  serviceAccountName: optional(text('ServiceAccount of the pod.')),
  imagePullSecrets: optional(
    listMap(
      object(
        'A Secret with registry credentials.',
        { name: optional(text('Name of the Secret.', { default: '' })) },
        { 'x-kubernetes-map-type': 'atomic' },
      ),
      ['name'],
      'Secrets to pull the solver image with.',
    ),
  ),
  securityContext: optional(securityContextSchema),
  resources: optional(
    object('Compute resources of the solver container. Absent: those of the controller configuration.', {
      limits: optional(map(quantity, 'The most the container may use.')),
      requests: optional(map(quantity, 'What the scheduler sets aside for the container.')),
    }),
  ),
});

export const podTemplateSchema = object('Changes to the pods that answer challenges.', {
  metadata: optional(
    object('Metadata to add; what the solver sets itself wins.', {
      annotations: optional(textMap('Annotations to add.')),
      labels: optional(textMap('Labels to add.')),
    }),
  ),
  spec: optional(podSpecSchema),
});

export interface PodTemplate extends Static<typeof podTemplateSchema> {}
