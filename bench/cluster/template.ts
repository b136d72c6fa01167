/** What one issuance wrote, made ready to be written again for any other name. */
import type { Api } from '../harness/api.ts';

/** The bodies of eight requests; `@name@`, `@namespace@` and `@uid@` stand for those of the Certificate. */
export interface Template {
  /** Name of the issued Certificate that it was taken from. */
  request: string;
  requestStatus: string;
  secret: string;
  certificateStatus: string;
  events: string[];
}

interface Stored {
  metadata: { name: string; uid: string; ownerReferences?: { uid: string }[]; [field: string]: unknown };
  [field: string]: unknown;
}

/** Reads everything that belongs to Certificate `name`, which has been issued once. */
export async function readTemplate(api: Api, namespace: string, name: string): Promise<Template> {
  const root = `/apis/cert-manager.io/v1/namespaces/${namespace}`;
  const core = `/api/v1/namespaces/${namespace}`;
  const certificate = (await api.must('GET', `${root}/certificates/${name}`)) as Stored;
  const request = (await api.must('GET', `${root}/certificaterequests/${name}-1`)) as Stored;
  const secret = (await api.must('GET', `${core}/secrets/${name}`)) as Stored;
  const { items } = (await api.must('GET', `${core}/events`)) as {
    items: (Stored & { involvedObject: { name: string } })[];
  };
  const events = items.filter(({ involvedObject }) => [name, `${name}-1`].includes(involvedObject.name));
  const text = (object: unknown): string =>
    JSON.stringify(object)
      .replaceAll(certificate.metadata.uid, '@uid@')
      .replaceAll(new RegExp(`\\b${name}\\b`, 'g'), '@name@')
      .replaceAll(`"namespace":"${namespace}"`, '"namespace":"@namespace@"');
  const { status: requestStatus, ...bareRequest } = request;
  return {
    request: text({ ...bareRequest, metadata: written(request, true) }),
    requestStatus: text({ status: requestStatus }),
    secret: text({ ...secret, metadata: written(secret, false) }),
    certificateStatus: text(certificate['status']),
    events: events.slice(0, 4).map((event) => text({ ...event, metadata: { namespace } })),
  };
}

/** Metadata as a client sends it. */
function written({ metadata }: Stored, withOwner: boolean): object {
  const { name, ['namespace']: namespace, annotations, labels, ownerReferences } = metadata;
  return { name, namespace, annotations, labels, ...(withOwner ? { ownerReferences } : {}) };
}
