/** The Gateway of examples/gateway, with an issuer that the test worlds have. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { KubeObject } from '../../src/api/meta.ts';

export interface Gateway extends KubeObject {
  spec: {
    gatewayClassName: string;
    listeners: { name: string; port: number; protocol: string; tls?: object }[];
  };
}

export async function exampleGateway(): Promise<Gateway> {
  const file = path.resolve(import.meta.dirname, '../../examples/gateway/edge.yaml');
  const gateway = parse(await readFile(file, 'utf8')) as Gateway;
  const { 'cert-manager.io/issuer': _issuer, ...annotations } = gateway.metadata?.annotations ?? {};
  return {
    ...gateway,
    metadata: {
      ...gateway.metadata,
      annotations: { ...annotations, 'cert-manager.io/cluster-issuer': 'selfsigned' },
    },
  };
}
