/** Registers what operators ask of accounts, certificates and limits: `certwright acme account|renew|revoke|budget|status`. */
import { Option, type Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { oneOf, wholeNumber } from '../../option-values.ts';
import type { Surroundings } from '../../program.ts';
import type { Cluster, ClusterFlags } from './cluster.ts';
import type * as operatorModule from './operator.ts';
import type { AnswerFormat } from './print.ts';

type Operator = typeof operatorModule;

interface AnswerFlags extends ClusterFlags {
  output: string;
}

interface RevokeFlags extends AnswerFlags {
  reason: string;
  issuer?: string;
  byCertificateKey?: boolean;
  keyFile?: string;
}

const keyAlgorithms = ['RSA', 'ECDSA', 'Ed25519'] as const;
const reasons = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const;

const where = `
<issuer> is clusterissuer/NAME, issuer/NAME, or a NAME that only one of them has. On one machine: --kubeconfig .certwright/data/kubeconfig
`;

export function addOperatorCommands(
  acme: Command,
  surroundings: Surroundings,
  setExitCode: (code: number) => void,
): void {
  /** The work is loaded when a command runs: other commands start without it. */
  const answer = async (
    flags: AnswerFlags,
    ask: (operator: Operator, cluster: Cluster, format: AnswerFormat) => Promise<number>,
  ): Promise<void> => {
    const operator = await import('./operator.ts');
    const format = operator.answerFormat(flags.output);
    setExitCode(await operator.withCluster(flags, surroundings, (cluster) => ask(operator, cluster, format)));
  };

  const account = acme
    .command('account')
    .summary('look at, re-key or close the account of an issuer')
    .description('Works on the account that an ACME issuer has with its CA, by the key in its Secret.');

  withAnswer(account.command('show'))
    .summary('show the account as the CA sees it')
    .description(
      'Asks the CA for the account of an issuer: URL, status, contact, terms, profiles; and says which key it has. Exit code 1: the account cannot be used.',
    )
    .argument('<issuer>', 'the issuer')
    .addHelpText(
      'after',
      `${where}
Examples:
  certwright acme account show clusterissuer/letsencrypt
  certwright acme account show letsencrypt -o json | jq -r .url
`,
    )
    .action((name: string, flags: AnswerFlags) =>
      answer(flags, (operator, cluster, format) =>
        operator.showAccount(cluster, name, format, surroundings.out),
      ),
    );

  withAnswer(account.command('rollover'))
    .summary('give the account another key')
    .description(
      'Stores a new key beside the one in use, has the CA change to it, and puts it in its place. Orders wait meanwhile. Whatever ends it in between, running it again ends it well; the controller does so, too, after two minutes.',
    )
    .argument('<issuer>', 'the issuer')
    .addOption(
      new Option('--key-algorithm <algorithm>', 'of the new key').choices(keyAlgorithms).default('RSA'),
    )
    .option('--key-size <bits>', 'of the new key (default: 2048 for RSA, 256 for ECDSA)')
    .addHelpText(
      'after',
      `${where}
Other clusters that use the same account need the Secret again afterwards (docs/acme-issuers.md).

Examples:
  certwright acme account rollover clusterissuer/letsencrypt
  certwright acme account rollover issuer/internal -n shop --key-algorithm ECDSA
`,
    )
    .action(async (name: string, flags: AnswerFlags & { keyAlgorithm: string; keySize?: string }) => {
      const algorithm = oneOf('--key-algorithm', flags.keyAlgorithm, keyAlgorithms);
      const size = flags.keySize === undefined ? undefined : keySize(algorithm, flags.keySize);
      const key = { algorithm, ...(size === undefined ? {} : { size }) };
      await answer(flags, (operator, cluster, format) =>
        operator.rolloverAccount(cluster, name, { key, format }, surroundings),
      );
    });

  withAnswer(account.command('deactivate'))
    .summary('close the account for good')
    .description(
      'Closes the account of an issuer at its CA. Its certificates stay valid until they end; it never gets another one.',
    )
    .argument('<issuer>', 'the issuer')
    .option('--yes', 'really: nobody can open it again')
    .addHelpText(
      'after',
      `${where}
Afterwards delete the issuer, or the Secret with its key: it then registers anew.

Example:
  certwright acme account deactivate issuer/old -n shop --yes
`,
    )
    .action(async (name: string, flags: AnswerFlags & { yes?: boolean }) => {
      const yes = flags.yes === true;
      await answer(flags, (operator, cluster, format) =>
        operator.deactivateAccount(cluster, name, { yes, format }, surroundings.out),
      );
    });

  withAnswer(acme.command('renew'))
    .summary('ask for a new certificate now')
    .description(
      'Has a Certificate, of any issuer, issued again now, and ends the pause after a failure. What is in its Secret stays until the new certificate is there.',
    )
    .argument('<certificate>', 'name of the Certificate')
    .addHelpText(
      'after',
      `
The same as cmctl renew. The new certificate counts against the limits of the CA like any other.

Example:
  certwright acme renew web -n shop
`,
    )
    .action((name: string, flags: AnswerFlags) =>
      answer(flags, (operator, cluster, format) => operator.renew(cluster, name, format, surroundings.out)),
    );

  withAnswer(acme.command('revoke'))
    .summary('take a certificate back at its CA')
    .description(
      'Revokes the certificate in the Secret of a Certificate, or in a PEM file, by the account that issued it. Nobody can take that back.',
    )
    .argument('<certificate>', 'name of a Certificate, or a file, written with its folder, as in ./old.pem')
    .addOption(new Option('--reason <reason>', 'why (RFC 5280)').choices(reasons).makeOptionMandatory())
    .option('--issuer <issuer>', 'whose account issued it; needed for a file')
    .option('--by-certificate-key', 'sign with the key in the Secret of the Certificate: the account is lost')
    .option('--key-file <file>', 'the same, with the private key in this PEM file')
    .addHelpText(
      'after',
      `
Where the CA offers renewal information the controller asks it now, and replaces the certificate; the answer says what to do
elsewhere. After keyCompromise the CA refuses the key for ever: rotationPolicy Always (the default) makes a new one.

Examples:
  certwright acme revoke web -n shop --reason keyCompromise
  certwright acme revoke ./old.pem --issuer clusterissuer/letsencrypt --reason superseded
  certwright acme revoke web -n shop --reason superseded --by-certificate-key
`,
    )
    .action(async (target: string, flags: RevokeFlags) => {
      const reason = oneOf('--reason', flags.reason, reasons);
      const { issuer, byCertificateKey = false, keyFile } = flags;
      const options = {
        reason,
        byCertificateKey,
        ...(issuer === undefined ? {} : { issuer }),
        ...(keyFile === undefined ? {} : { keyFile }),
      };
      await answer(flags, (operator, cluster, format) =>
        operator.revoke(cluster, target, { ...options, format }, surroundings.out),
      );
    });

  withAnswer(acme.command('budget'))
    .summary('show what is left of the limits of a CA')
    .description(
      "Shows the ledger of a CA's limits for the account of an issuer: what is left, when the next slot comes, which Orders wait.",
    )
    .argument('<issuer>', 'the issuer')
    .addHelpText(
      'after',
      `${where}
Let's Encrypt's limits are known; those of other CAs are written into the configuration file (docs/acme-issuers.md).

Example:
  certwright acme budget clusterissuer/letsencrypt
`,
    )
    .action((name: string, flags: AnswerFlags) =>
      answer(flags, (operator, cluster, format) =>
        operator.showBudget(cluster, name, format, surroundings.out),
      ),
    );

  withAnswer(acme.command('status'))
    .summary('say why a Certificate is not issued, and what to do')
    .description(
      'Follows a Certificate to its CertificateRequest, Order and Challenges with what each self-check saw, and says the cause, the next attempt and the remedy. Exit code 0: it is Ready.',
    )
    .argument('<certificate>', 'name of the Certificate')
    .addHelpText(
      'after',
      `
Examples:
  certwright acme status web -n shop
  certwright acme status web -n shop -o json | jq -r .remedy
`,
    )
    .action((name: string, flags: AnswerFlags) =>
      answer(flags, (operator, cluster, format) =>
        operator.certificateStatus(cluster, name, format, surroundings.out),
      ),
    );
}

/** What all of them are asked with. */
function withAnswer(command: Command): Command {
  return command
    .option(
      '--kubeconfig <file>',
      'how to reach the API; empty: $KUBECONFIG, ~/.kube/config, or the Pod itself',
    )
    .option('--context <name>', 'a context of the kubeconfig other than the current one')
    .option('-n, --namespace <namespace>', 'namespace of the object (default: that of the context)')
    .option(
      '--cluster-resource-namespace <namespace>',
      'where the Secrets of ClusterIssuers live',
      'cert-manager',
    )
    .option('-o, --output <format>', 'text, json or yaml', 'text');
}

function keySize(algorithm: (typeof keyAlgorithms)[number], text: string): number {
  if (algorithm === 'RSA') return wholeNumber('--key-size', text, 2048, 4096);
  if (algorithm === 'Ed25519')
    throw new UsageError('--key-size', text, 'Ed25519 keys have one size: leave it out');
  const size = oneOf('--key-size', text, ['256', '384']);
  return Number(size);
}
