/** Registers `certwright rbac`: its flags and its help. */
import type { Command } from 'commander';
import type { Surroundings } from '../program.ts';
import { defaultApproveSignerNames, defaultFeatures, rbacFeatures } from './rbac-features.ts';
import type { RbacFlags } from './rbac-options.ts';
import { rbac } from './rbac.ts';

export function addRbacCommand(
  program: Command,
  surroundings: Surroundings,
  setExitCode: (code: number) => void,
): void {
  program
    .command('rbac')
    .summary('print the RBAC manifests that an installation needs')
    .description(
      'Prints ServiceAccounts, roles and bindings with exactly the rights that the named features use. Asks nothing of any cluster.',
    )
    .option(
      '--features <list>',
      'reasons for rights (below): * for the default set, name adds, -name removes',
      '*',
    )
    .option(
      '--namespace <namespace>',
      'where Certwright runs: the namespace of the ServiceAccount',
      'cert-manager',
    )
    .option('--watch-namespace <namespace>', 'serve this namespace only: Roles in it instead of ClusterRoles')
    .option(
      '--leader-election-namespace <namespace>',
      'where the Leases are (default: kube-system; with --watch-namespace that of --namespace)',
    )
    .option(
      '--approve-signer-names <list>',
      'signers that CertificateRequests may be approved for',
      defaultApproveSignerNames.join(','),
    )
    .option(
      '--cluster-resource-namespace <namespace>',
      'where the Secrets of ClusterIssuers are (default: that of --namespace)',
    )
    .option('--acme-webhook-groups <list>', 'API groups of DNS-01 webhook solvers')
    .option('--metrics-ca-secret <name>', 'Secret with the CA of TLS metrics', 'certwright-metrics-ca')
    .option('--name <name>', 'prefix of all names, and the name of the ServiceAccount', 'certwright')
    .option('--split', 'one ServiceAccount for each of controller, cainjector and webhook')
    .option('-o, --output <format>', 'yaml or json', 'yaml')
    .addHelpText('after', featureHelp())
    .action((flags: RbacFlags) => setExitCode(rbac(flags, surroundings)));
}

function featureHelp(): string {
  const rows = Object.entries(rbacFeatures).map(([name, meaning]) => {
    const mark = defaultFeatures.some((feature) => feature === name) ? '*' : ' ';
    return `  ${mark} ${name.padEnd(28)}${meaning}`;
  });
  return `
Features (* marks the default set; Certificates, CertificateRequests and Issuers are always served):
${rows.join('\n')}

With --watch-namespace nothing cluster-scoped is printed: no ClusterIssuers, no cainjector, no CSR signers, and no right
to read a Secret anywhere else. Where admission policies or the webhook are in force, approval is a cluster-wide right:
--features '*,approver' adds it as the one ClusterRole.

Examples:
  certwright rbac | kubectl apply --server-side -f -
  certwright rbac --features '*,gateway-shim,-cainjector'
  certwright rbac --namespace shop --watch-namespace shop        rights in the namespace shop only
  certwright rbac -o json --split                                the roles of split deployments, as a List
`;
}
