/** The command line: commands, flags and their help. Knows nothing of how the work is done. */
import { Command, CommanderError, Option } from 'commander';
import { completionScript, shells } from './completion.ts';
import { controllerTable } from './configuration/controller-table.ts';
import { addOptions, givenFlags } from './configuration/options.ts';
import type { GivenFlags } from './configuration/settings.ts';
import { cainjectorTable } from './configuration/cainjector-table.ts';
import { webhookServingRows, webhookTable } from './configuration/webhook-table.ts';
import { CliError, exitCodes } from './errors.ts';
import { oneOf } from './option-values.ts';
import { addAcmeCommand } from './acme/acme-command.ts';
import { addRbacCommand } from './rbac/rbac-command.ts';
import { upAcmeRows } from './up/up-acme-options.ts';
import { defaultListen, type UpFlags } from './up/up-options.ts';
import { unknownCommand, unknownCommandText } from './unknown-command.ts';
import { version } from './version.ts';

/** Everything a command may touch; `main` fills it in from the process, tests from memory. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  /** Results. */
  out: (text: string) => void;
  /** Logs, progress and errors. */
  err: (text: string) => void;
  /** Both streams reach a terminal that shows colours. */
  color: boolean;
  pid: number;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
}

/** Each resolves to the exit code. */
export interface Commands {
  up(flags: UpFlags, surroundings: Surroundings): Promise<number>;
  /** Only what was given on the command line. */
  controller(flags: GivenFlags, surroundings: Surroundings): Promise<number>;
  cainjector(flags: GivenFlags, surroundings: Surroundings): Promise<number>;
  webhook(flags: GivenFlags, surroundings: Surroundings): Promise<number>;
  /** Reads its arguments itself. */
  acmesolver(args: readonly string[], surroundings: Surroundings): Promise<number>;
}

const exitCodeHelp = `
Exit codes:
  0  all is well
  1  something is not Ready, or failed while running (the reasons are printed)
  2  the command line is wrong
  3  the surroundings are: data folder in use, address taken, folder not usable
`;

export function buildProgram(
  commands: Commands,
  surroundings: Surroundings,
  setExitCode: (code: number) => void,
): Command {
  const program = new Command('certwright')
    .description(
      "X.509 certificates from manifests to renewal: cert-manager's API, on Kubernetes or on one machine with no cluster at all.",
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
    .showHelpAfterError('(certwright --help shows what there is)')
    .addHelpText(
      'after',
      `
Examples:
  certwright up --manifests ./certificates --export ./out         issue what the folder asks for, and keep it renewed
  certwright up --manifests ./certificates --export ./out --once  the same, then exit (for CI)
  certwright controller --kubeconfig ~/.kube/config --dry-run     say what would change on that cluster, write nothing
  certwright controller --kubeconfig ~/.kube/config               work on a Kubernetes cluster
  certwright acme status web --namespace shop                     say why that Certificate is not there, and what to do
  certwright rbac                                                 the rights that this needs, as manifests
${exitCodeHelp}`,
    );

  const issuance = issuanceOptions();
  const up = program
    .command('up')
    .summary('run everything on this machine: API server, controllers, folder of manifests, exported files')
    .description(
      'Runs an embedded Kubernetes API server, the certificate controllers and, where asked, a folder of manifests that is applied and watched, and a folder that every certificate is exported to.',
    )
    .option(
      '--manifests <dir>',
      'apply this folder of YAML and JSON files, watch it, and prune what leaves it',
    )
    .option(
      '--export <dir>',
      'write every Certificate to <dir>/<namespace>/<name>/ (keys 0600, replaced atomically)',
    )
    .option(
      '--data-dir <dir>',
      'where the database, the CA of the API and the kubeconfig live',
      '.certwright/data',
    )
    .option(
      '--listen <host:port>',
      `address of the API (default: ${defaultListen}, or any free port when that one is taken)`,
    )
    .option(
      '--token-file <file>',
      'bearer token of the administrator; needed beyond loopback unless --client-ca is given',
    )
    .option('--client-ca <file>', 'accept client certificates that chain to this PEM file')
    .option('--once', 'exit when everything is Ready (0), or when it is not within --timeout (1)')
    .option('--timeout <duration>', 'how long to wait until everything is Ready', '2m')
    .option(
      '--cluster-resource-namespace <namespace>',
      'where the Secrets of ClusterIssuers live; created at start',
      'cert-manager',
    )
    .option(
      '--config <file>',
      'file with the commands that this process may run: deploy hooks, programs of the DNS-01 provider exec',
    )
    .option('--enable-certificate-owner-ref', 'delete a Secret together with its Certificate')
    .addOption(issuance.copiedAnnotationPrefixes)
    .option('--no-auto-approve', 'leave the approval of CertificateRequests to somebody else')
    .addOption(issuance.minimumBackoff)
    .addOption(issuance.maximumBackoff)
    .option('--concurrency <number>', 'Certificates worked on at the same time')
    .option(
      '--acme-webroot <dir>',
      'what a web server on this machine serves / from: HTTP-01 answers are written below it instead of being listened for',
    )
    .option(
      '--metrics-listen-address <host:port>',
      'serve Prometheus metrics here by plain HTTP, for example 127.0.0.1:9402 (default: none)',
    )
    .option('-o, --output <format>', 'table, json or yaml: how the summary is printed', 'table')
    .option('--log-format <format>', 'text or json', 'text')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .addHelpText(
      'after',
      `
Manifests: sub-folders and multi-document files are read; objects are applied in any order and tried again until what
they need is there. Missing namespaces are created. An object that leaves the folder is deleted if it was applied from
it (label certwright.dev/manifests=applied), except Namespaces and CustomResourceDefinitions.

Export: annotations on a Certificate choose the file names, for example
  certwright.dev/export-tls.crt: fullchain.pem    (an empty value leaves that file out)
  certwright.dev/export: "false"                  (no files at all)
The folder of a deleted Certificate is removed; that of a Certificate whose Secret is missing stays until the re-issue.

ACME: issuers with http01.listener or tlsALPN01.listener are answered at :80 and :443 of this machine, which are open only
while a CA may ask; --acme-http01-listen, --acme-tls-alpn-listen and --acme-webroot say otherwise (docs/standalone-public.md).

Examples:
  certwright up --manifests examples/quickstart --export .certwright/certificates
  certwright up --manifests ./certs --export ./out --once --timeout 30s -o json
  KUBECONFIG=.certwright/data/kubeconfig kubectl get certificates -A
${exitCodeHelp}`,
    )
    .action(async (flags: Omit<UpFlags, 'acme'>) =>
      setExitCode(await commands.up({ ...flags, acme: givenFlags(up) }, surroundings)),
    );
  addOptions(up, upAcmeRows);

  const controller = program
    .command('controller')
    .summary('run the controllers against a Kubernetes API')
    .description(
      'Runs the same controllers as `up` against any Kubernetes API that serves the CustomResourceDefinitions.',
    )
    .addHelpText(
      'after',
      `
Examples:
  certwright controller --kubeconfig ~/.kube/config --no-leader-elect --log-format text
  certwright controller --in-cluster --cluster-resource-namespace cert-manager
  certwright controller --controllers '*,-certificaterequests-approver'    approve by other means
${exitCodeHelp}`,
    )
    .action(async () => setExitCode(await commands.controller(givenFlags(controller), surroundings)));
  addOptions(controller, controllerTable.rows);
  // With `--roles=...,webhook`; its health is that of the process.
  const taken = new Set(controllerTable.rows.map(({ flag }): string => flag));
  const serving = webhookServingRows.filter(({ flag }) => flag !== 'healthz-port' && !taken.has(flag));
  addOptions(controller, serving);

  // With `--roles=...,cainjector`: what it injects into; the rest it has in common with the controller.
  addOptions(
    controller,
    cainjectorTable.rows.filter(({ flag }) => !taken.has(flag)),
  );

  const cainjector = program
    .command('cainjector')
    .summary('write CA bundles into webhook configurations, APIServices and definitions')
    .description(
      'Writes CA bundles into webhook configurations, APIServices and CustomResourceDefinitions that ask for one with a cert-manager.io/inject-ca-from annotation.',
    )
    .addHelpText(
      'after',
      `
Examples:
  certwright cainjector --kubeconfig ~/.kube/config
  certwright controller --roles=controller,cainjector    the same beside the controllers, in one process
${exitCodeHelp}`,
    )
    .action(async () => setExitCode(await commands.cainjector(givenFlags(cainjector), surroundings)));
  addOptions(cainjector, cainjectorTable.rows);

  const webhook = program
    .command('webhook')
    .summary('serve admission reviews to API servers that do not evaluate policies')
    .description(
      'Serves /validate and /mutate to the API server: the rules of the admission policies, for Kubernetes before 1.36.',
    )
    .addHelpText(
      'after',
      `
Example:
  certwright webhook --secure-port 10250 --dynamic-serving-ca-secret-namespace cert-manager \\
    --dynamic-serving-ca-secret-name certwright-webhook-ca --dynamic-serving-dns-names certwright-webhook.cert-manager.svc
${exitCodeHelp}`,
    )
    .action(async () => setExitCode(await commands.webhook(givenFlags(webhook), surroundings)));
  addOptions(webhook, webhookTable.rows);

  program
    .command('acmesolver')
    .summary('answer one HTTP-01 challenge: what solver Pods run')
    .description(
      'Answers one HTTP-01 challenge over plain HTTP on all interfaces. Solver Pods run it; nobody else has to.',
    )
    .option('--listen-port <port>', 'port to listen on; 0 is any', '8089')
    .requiredOption(
      '--domain <name>',
      'DNS name or IP address that is proven: the only Host that is answered',
    )
    .requiredOption('--token <token>', 'last part of the path /.well-known/acme-challenge/<token>')
    .requiredOption('--key <key>', 'key authorization, the answer')
    .addHelpText(
      'after',
      `
The command may be left out where the arguments begin with one of these flags: solver Pods hand over arguments only.
`,
    )
    .action(async (flags: Record<string, string>) => {
      const args = Object.entries(flags).map(([flag, value]) =>
        flag === 'listenPort' ? `--listen-port=${value}` : `--${flag}=${value}`,
      );
      setExitCode(await commands.acmesolver(args, surroundings));
    });

  addAcmeCommand(program, surroundings, setExitCode);
  addRbacCommand(program, surroundings, setExitCode);

  program
    .command('version')
    .summary('print the version')
    .description('Prints the version of Certwright and of the Node.js that runs it.')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(({ output }: { output: string }) => {
      const facts = { version, node: process.versions.node, platform: `${process.platform}/${process.arch}` };
      const json = oneOf('--output', output, ['text', 'json']) === 'json';
      surroundings.out(
        json
          ? `${JSON.stringify(facts)}\n`
          : `certwright ${version} (node ${facts.node}, ${facts.platform})\n`,
      );
    });

  program
    .command('completion')
    .summary('print a completion script for your shell')
    .description('Prints a completion script.')
    .argument('<shell>', shells.join(', '))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(certwright completion bash)\n  certwright completion fish | source\n',
    )
    .action((shell: string) => {
      surroundings.out(completionScript(program, oneOf('completion', shell, shells)));
    });

  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err });
  for (const command of program.commands)
    command.showHelpAfterError(`(certwright ${command.name()} --help shows what there is)`);
  return program;
}

/** Runs one command line and answers the exit code; nothing escapes. */
export async function runProgram(
  args: readonly string[],
  commands: Commands,
  surroundings: Surroundings,
): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = buildProgram(commands, surroundings, (code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) {
      surroundings.err(program.helpInformation());
      return exitCodes.usage;
    }
    const unknown = unknownCommand(program, args);
    if (unknown !== undefined) {
      surroundings.err(unknownCommandText(unknown));
      return exitCodes.usage;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof CliError) {
      surroundings.err(`certwright: ${error.message}\n`);
      return error.exitCode;
    }
    surroundings.err(
      `certwright: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return exitCodes.failed;
  }
}

/** What `up` and `controller` ask alike about issuing. */
function issuanceOptions(): Record<'copiedAnnotationPrefixes' | 'minimumBackoff' | 'maximumBackoff', Option> {
  return {
    copiedAnnotationPrefixes: new Option(
      '--copied-annotation-prefixes <list>',
      'annotations of Certificates that reach CertificateRequests (a leading - excludes)',
    ),
    minimumBackoff: new Option(
      '--certificate-request-minimum-backoff-duration <duration>',
      'wait after the first failed issuance',
    ).default('1h'),
    maximumBackoff: new Option(
      '--certificate-request-maximum-backoff-duration <duration>',
      'longest wait after failed issuances',
    ).default('32h'),
  };
}
