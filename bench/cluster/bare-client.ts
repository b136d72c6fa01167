/**
 * The yardstick: for each Certificate that a watch shows, the eight requests that an issuance takes, with bodies of the
 * same size, by the same number of workers, and nothing else. A process of its own, so that its processor time is its own.
 *
 *     node bench/cluster/bare-client.ts JOB.json     (started by run.ts; ends when every Certificate had its turn)
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Agent } from 'undici';
import type { ApiTarget } from '../harness/api.ts';
import type { Template } from './template.ts';

export interface BareJob {
  target: ApiTarget;
  namespace: string;
  /** From where to watch. */
  resourceVersion: string;
  certificates: number;
  workers: number;
  eventSenders: number;
  template: Template;
}

interface Certificate {
  metadata: { name: string; uid: string; resourceVersion: string };
  status?: object;
}

async function work(job: BareJob): Promise<void> {
  const { server, ca, cert, key } = job.target;
  const connect = { ca, cert: cert ?? '', key: key ?? '' };
  const dispatcher = new Agent({ allowH2: false, pipelining: 1, connections: 16, connect });
  const root = `/apis/cert-manager.io/v1/namespaces/${job.namespace}`;
  const core = `/api/v1/namespaces/${job.namespace}`;

  const send = async (
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    type: string,
    body: string,
  ): Promise<string> => {
    const answer = await dispatcher.request({
      origin: server,
      path,
      method,
      headers: { 'content-type': type, accept: 'application/json', 'user-agent': 'bare-client' },
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text;
  };
  const filled = (text: string, { metadata }: Certificate): string =>
    text
      .replaceAll('@name@', metadata.name)
      .replaceAll('@namespace@', job.namespace)
      .replaceAll('@uid@', metadata.uid);

  const waiting = new Line<Certificate>();
  const events = new Line<{ body: string }>();
  const { template } = job;
  const issue = async (certificate: Certificate): Promise<void> => {
    const { name, resourceVersion } = certificate.metadata;
    const json = 'application/json';
    await send('POST', `${root}/certificaterequests`, json, filled(template.request, certificate));
    for (const event of template.events.slice(0, 2)) events.push({ body: filled(event, certificate) });
    await send(
      'PATCH',
      `${root}/certificaterequests/${name}-1/status`,
      'application/merge-patch+json',
      filled(template.requestStatus, certificate),
    );
    await send(
      'PATCH',
      `${core}/secrets/${name}?fieldManager=bare-client&force=true`,
      'application/apply-patch+yaml',
      filled(template.secret, certificate),
    );
    const status = JSON.parse(filled(template.certificateStatus, certificate)) as object;
    const updated = JSON.stringify({
      ...certificate,
      metadata: { ...certificate.metadata, resourceVersion },
      status,
    });
    await send('PUT', `${root}/certificates/${name}/status`, json, updated);
    for (const event of template.events.slice(2)) events.push({ body: filled(event, certificate) });
  };
  const worker = async (): Promise<void> => {
    for (let next = await waiting.shift(); next !== undefined; next = await waiting.shift())
      await issue(next);
  };
  const eventSender = async (): Promise<void> => {
    for (let next = await events.shift(); next !== undefined; next = await events.shift()) {
      const named = next.body.replace('"metadata":{', `"metadata":{"generateName":"bare-",`);
      await send('POST', `${core}/events`, 'application/json', named);
    }
  };
  const watch = async (): Promise<void> => {
    const answer = await dispatcher.request({
      origin: server,
      path: `${root}/certificates?watch=1&resourceVersion=${job.resourceVersion}`,
      method: 'GET',
      headers: { accept: 'application/json', 'user-agent': 'bare-client' },
      bodyTimeout: 0,
    });
    let seen = 0;
    const lines = createInterface({ input: answer.body, crlfDelay: Infinity });
    for await (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: Certificate };
      if (type !== 'ADDED') continue;
      waiting.push(object);
      if (++seen === job.certificates) break;
    }
    lines.close();
    answer.body.destroy();
    waiting.end();
  };
  const senders = Promise.all(Array.from({ length: job.eventSenders }, eventSender));
  await Promise.all([watch(), ...Array.from({ length: job.workers }, worker)]);
  events.end();
  await senders;
  await dispatcher.destroy();
}

/** First in, first out; `shift` waits for something, and answers nothing after the end. */
class Line<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T | undefined) => void)[] = [];
  #head = 0;
  #ended = false;

  push(item: T): void {
    const first = this.#waiting.shift();
    if (first === undefined) this.#items.push(item);
    else first(item);
  }

  async shift(): Promise<T | undefined> {
    if (this.#head < this.#items.length) return this.#items[this.#head++];
    if (this.#ended) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  end(): void {
    this.#ended = true;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}

const file = process.argv[2];
if (file === undefined) throw new Error('bare-client.ts takes the file of its job');
await work(JSON.parse(await readFile(file, 'utf8')) as BareJob);
