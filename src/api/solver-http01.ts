/** The HTTP-01 solvers: a pod that answers, reached through an Ingress or a Gateway (RFC 8555 §8.3). */
import { object, oneOf, optional, text, textMap, int32, list, type Static } from './schema.ts';
import { http01Responders } from './enumerations.ts';
import { podTemplateSchema } from './pod-template.ts';

const hostname = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';

const serviceType = text(
  'Type of the Service that leads to the answer: ClusterIP or NodePort. Default: NodePort for a solver Pod, ClusterIP for the resident solver.',
);

const responder = oneOf(
  http01Responders,
  'Who answers: a Pod made for the challenge, or Resident, the controller itself, without any Pod. Default: as --acme-http01-responder says.',
);

const ingressTemplateSchema = object('What to add to Ingresses made for a challenge.', {
  metadata: optional(
    object('Metadata to add; what the solver sets itself wins.', {
      annotations: optional(textMap('Annotations to add.')),
      labels: optional(textMap('Labels to add.')),
    }),
  ),
});

export const ingressSolverSchema = object(
  'Answer through an Ingress. At most one of ingressClassName, class and name.',
  {
    responder: optional(responder),
    serviceType: optional(serviceType),
    ingressClassName: optional(
      text('spec.ingressClassName of the Ingresses made. The way to choose a controller.'),
    ),
    class: optional(
      text(
        'Annotation kubernetes.io/ingress.class of the Ingresses made, for controllers that still need it.',
      ),
    ),
    name: optional(
      text(
        'Existing Ingress to add the route to, for load balancers that give each Ingress its own address.',
      ),
    ),
    podTemplate: optional(podTemplateSchema),
    ingressTemplate: optional(ingressTemplateSchema),
  },
);

export const parentReferenceSchema = object('A Gateway API parent to attach the solver route to.', {
  group: optional(
    text('API group of the parent. Default: gateway.networking.k8s.io.', {
      default: 'gateway.networking.k8s.io',
      maxLength: 253,
      pattern: `^$|^${hostname}$`,
    }),
  ),
  kind: optional(
    text('Kind of the parent. Default: Gateway.', {
      default: 'Gateway',
      minLength: 1,
      maxLength: 63,
      pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$',
    }),
  ),
  namespace: optional(
    text('Namespace of the parent. Default: that of the route.', {
      minLength: 1,
      maxLength: 63,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
    }),
  ),
  name: text('Name of the parent.', { minLength: 1, maxLength: 253 }),
  sectionName: optional(
    text('Listener of the parent. Default: every listener that allows the route.', {
      minLength: 1,
      maxLength: 253,
      pattern: `^${hostname}$`,
    }),
  ),
  port: optional(int32('Port of the listener, 1 to 65535. Default: any.', { minimum: 1, maximum: 65535 })),
});

export const gatewaySolverSchema = object('Answer through a Gateway API HTTPRoute.', {
  responder: optional(responder),
  serviceType: optional(serviceType),
  labels: optional(textMap('Labels of the HTTPRoutes made.')),
  parentRefs: optional(list(parentReferenceSchema, 'Gateways to attach the HTTPRoutes to.')),
  podTemplate: optional(podTemplateSchema),
});

export const http01SolverSchema = object(
  'Prove control with a file served over HTTP. Exactly one of the sections; cannot do wildcards.',
  {
    ingress: optional(ingressSolverSchema),
    gatewayHTTPRoute: optional(gatewaySolverSchema),
    listener: optional(
      object(
        'The HTTP-01 listener of this process answers, or the webroot folder that it was given; nothing is made in the cluster.',
        {},
      ),
    ),
  },
);

export interface ParentReference extends Static<typeof parentReferenceSchema> {}
export interface IngressSolver extends Static<typeof ingressSolverSchema> {}
export interface GatewaySolver extends Static<typeof gatewaySolverSchema> {}
export interface Http01Solver extends Static<typeof http01SolverSchema> {}
