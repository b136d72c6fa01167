/** `certwright up`: one process with API server, controllers, manifests folder and exported files. */
import { messageOf } from '../../api/message-of.ts';
import { join } from 'node:path';
import type { UserInfo } from '../../api/admission.ts';
import type { FindSigner } from '../../admission/approval.ts';
import { createAdmission } from '../../admission/create-admission.ts';
import { crds } from '../../api/crds.ts';
import { defaultControllerOptions, type Log } from '../../controllers/context.ts';
import { startControllers } from '../../controllers/manager.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { systemClock } from '../../kube/clock.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { createTransport, type KubeConnection } from '../../kube/transport.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { Exporter } from '../../standalone/export/exporter.ts';
import { StorageError } from '../../standalone/errors.ts';
import { createServer, type EmbeddedServer, type Listening } from '../../standalone/server.ts';
import { openBudget } from '../acme/budget-store.ts';
import { composeAcme } from '../acme/compose.ts';
import { createModules, defaultShimSettings, upControllers } from '../controller/modules.ts';
import { EnvironmentError, exitCodes, UsageError } from '../errors.ts';
import { DeployHooks } from '../hooks/deploy-hooks.ts';
import { HookJournal } from '../hooks/hook-journal.ts';
import { createLog } from '../log.ts';
import { ManifestFolder } from '../manifests/folder.ts';
import { untilAborted } from '../../kube/until-aborted.ts';
import type { Surroundings } from '../program.ts';
import { authorizeKnownUsers } from './authorize.ts';
import { lockDataDir } from './data-lock.ts';
import { ExportLoop } from './export-loop.ts';
import { findSignerBy } from './find-signer.ts';
import { holdLease } from './hold-lease.ts';
import { controllerUser, manifestsUser } from './identities.ts';
import { ReadinessBoard } from './readiness-board.ts';
import { report } from './report.ts';
import { makeExportFolder, readText, requireAddresses, requireFolder } from './requirements.ts';
import { openUpMetrics } from './up-metrics.ts';
import { readUpAcmeOptions, upAcmeNames, type UpAcmeOptions } from './up-acme-options.ts';
import { emptyUpConfig, readUpConfig, type UpConfig } from './up-config.ts';
import { readUpOptions, type UpFlags, type UpOptions } from './up-options.ts';
import { waitForEverything, waitUntilReady, type Outcome } from './wait.ts';
import { readSecret } from './read-secret.ts';

/** Resolves to the exit code once everything is stopped. */
export async function up(flags: UpFlags, surroundings: Surroundings): Promise<number> {
  const options = readUpOptions(flags);
  const config = options.config === undefined ? emptyUpConfig : await readUpConfig(options.config);
  if (config.hooks.length > 0 && options.export === undefined)
    throw new UsageError(
      '--config',
      options.config ?? '',
      'its hooks are run after files have been exported, and nothing is: add --export',
    );
  const acme = readUpAcmeOptions(flags.acme, flags.acmeWebroot, config.programs);
  const log = createLog({
    format: options.logFormat,
    level: options.logLevel,
    write: surroundings.err,
    color: surroundings.color,
  });
  if (options.manifests !== undefined) await requireFolder('--manifests', options.manifests);
  if (acme.settings.responder.webroot !== undefined)
    await requireFolder(
      '--acme-webroot',
      acme.settings.responder.webroot,
      'what your web server serves / from',
    );
  if (options.export !== undefined) makeExportFolder(options.export);
  await requireAddresses(acme);
  const lock = lockDataDir(options.dataDir, surroundings.pid);
  try {
    return await serve({ ...options, config, acme }, surroundings, log);
  } catch (error) {
    // A full disk or a damaged file is nobody's programming error: the message says what to do, a stack does not.
    if (error instanceof StorageError) throw new EnvironmentError('cli/data-dir', error.message, error);
    throw error;
  } finally {
    lock.release();
  }
}

/** What was asked for on the command line and in the file. */
type Everything = Omit<UpOptions, 'config'> & { config: UpConfig; acme: UpAcmeOptions };

async function serve(options: Everything, surroundings: Surroundings, log: Log): Promise<number> {
  const metrics = await openUpMetrics(options.metrics, log);
  try {
    return await serveObserved(options, surroundings, log, metrics?.metrics);
  } finally {
    await metrics?.close();
  }
}

async function serveObserved(
  options: Everything,
  surroundings: Surroundings,
  log: Log,
  metrics: Metrics | undefined,
): Promise<number> {
  const signers = Promise.withResolvers<FindSigner>();
  const csrs = new CsrReader();
  const server = await createServer({
    dataDir: options.dataDir,
    authorize: authorizeKnownUsers,
    admission: createAdmission({
      csrs,
      authorize: authorizeKnownUsers,
      // Only approvals ask, and nobody can write one before the server is there to be asked.
      signerExists: async (group, kind) => (await signers.promise)(group, kind),
    }),
    crds,
    namespaces: [options.clusterResourceNamespace],
    log: quieter(log),
  });
  signers.resolve(findSignerBy(createTransport(embedded(server), 'certwright')));
  const connection = {
    ...embedded(server, controllerUser(options.clusterResourceNamespace)),
    ...(metrics === undefined ? {} : { observer: metrics.requests }),
  };
  const client = createKubeClient(connection);
  // Before anybody else can ask the API for it.
  const lease = await holdLease({ client, clock: connection.clock, log });
  try {
    const listening = await listen(server, options, log);
    const kubeconfig = listening.kubeconfigPath;
    const access = kubeconfig ?? 'none, as --client-ca alone makes no token (CA of the API: serving-ca.pem)';
    log.info({}, `the API answers at ${listening.url}; kubeconfig: ${access}`);
    return await work({ server, connection, client, kubeconfig, csrs, options, surroundings, log, metrics });
  } finally {
    await lease.stop();
    await server.close();
  }
}

/** The API without a socket, as the administrator unless somebody else is named. */
function embedded(server: EmbeddedServer, user?: UserInfo): KubeConnection {
  return {
    baseUrl: 'http://embedded.invalid',
    dispatcher: server.dispatcher(user),
    clock: systemClock,
    random: Math.random,
  };
}

interface Workplace {
  server: EmbeddedServer;
  /** Both as the controllers. */
  connection: KubeConnection;
  client: KubeClient;
  kubeconfig: string | undefined;
  csrs: CsrReader;
  options: Everything;
  surroundings: Surroundings;
  log: Log;
  metrics: Metrics | undefined;
}

/** The controllers, the folder and the export, over the API without a socket. */
async function work(workplace: Workplace): Promise<number> {
  const { server, client, kubeconfig, csrs, options, surroundings, log, metrics } = workplace;
  const { clock, random } = workplace.connection;
  const acme = composeAcme({
    settings: options.acme.settings,
    connection: workplace.connection,
    environment: surroundings.env,
    names: upAcmeNames,
    always: options.acme.always,
    journal: join(options.dataDir, 'webroot'),
    observe: metrics?.acme,
    onDebts: (count) => metrics?.setCleanUpDebts(count),
    onMissingRecords: (count) => metrics?.setMissingRecords(count),
  });
  const ledger = await openBudget({
    client,
    namespace: options.clusterResourceNamespace,
    limits: options.config.caLimits,
    clock,
    log,
  });
  const controllers = startControllers({
    client,
    clock,
    random,
    log,
    issuerTypes: createIssuerTypes(csrs),
    csrs,
    ...(metrics === undefined ? {} : { observer: metrics.controllers }),
    modules: createModules(
      { enabled: upControllers, shim: { ...defaultShimSettings, quietWhileAbsent: true } },
      acme.modules,
    ),
    openAccount: acme.openAccount,
    solverObjection: acme.solverObjection,
    budget: ledger.budget,
    options: {
      clusterResourceNamespace: options.clusterResourceNamespace,
      enableCertificateOwnerRef: options.enableCertificateOwnerRef,
      approve: options.approve,
      copiedAnnotationPrefixes:
        options.copiedAnnotationPrefixes ?? defaultControllerOptions.copiedAnnotationPrefixes,
      concurrency: options.concurrency ?? defaultControllerOptions.concurrency,
      minBackoffMs: options.minBackoffMs,
      maxBackoffMs: options.maxBackoffMs,
    },
  });
  metrics?.setLeader(true);
  metrics?.serve(controllers.informers);
  metrics?.setBudget(ledger.budget);
  const board = new ReadinessBoard(controllers.informers.certificates);
  const exports =
    options.export === undefined
      ? undefined
      : startExport(options.export, client, controllers.informers, log, await deployHooks(workplace));
  await controllers.synced;

  const stopFolder = new AbortController();
  const folder =
    options.manifests === undefined
      ? undefined
      : new ManifestFolder({
          folder: options.manifests,
          client: createKubeClient(embedded(server, manifestsUser)),
          clock,
          random,
          log,
        });
  const following = folder?.run(stopFolder.signal);
  try {
    await exports?.sweep();
    const wait = { board, client, folder, exports, clock, log, signal: surroundings.signal };
    const print = async (outcome: Outcome): Promise<void> =>
      surroundings.out(
        await report({
          client,
          certificates: controllers.informers.certificates,
          explain: (key) => controllers.explain(key),
          exports,
          approve: options.approve,
          format: options.output,
          kubeconfig,
          now: clock.now(),
          outcome,
          goesOn: !options.once,
        }),
      );
    const outcome = await waitForEverything({ ...wait, timeoutMs: options.timeoutMs });
    if (outcome.interrupted) return options.once ? exitCodes.failed : exitCodes.ok;
    await print(outcome);
    if (options.once) return outcome.ready ? exitCodes.ok : exitCodes.failed;
    // Not before: while everything is being issued the API has enough to tell.
    folder?.guard(stopFolder.signal);
    if (!outcome.ready) {
      log.warn({}, 'not everything is Ready yet; Certwright goes on trying');
      const late = await waitUntilReady(wait);
      if (late.interrupted) return exitCodes.ok;
      await print(late);
    }
    await untilAborted(surroundings.signal);
    return exitCodes.ok;
  } finally {
    log.info({ progress: true }, 'stopping');
    stopFolder.abort();
    await following;
    await controllers.stop();
    await exports?.stop();
    await ledger.close();
  }
}

function startExport(
  directory: string,
  client: KubeClient,
  informers: ConstructorParameters<typeof ExportLoop>[0]['informers'],
  log: Log,
  hooks: DeployHooks | undefined,
): ExportLoop {
  const clock = systemClock;
  const exporter = new Exporter({
    directory,
    now: () => new Date(clock.now()),
    readSecret: (namespace, name) => readSecret(client, namespace, name),
  });
  return new ExportLoop({ exporter, informers, clock, log, ...(hooks === undefined ? {} : { hooks }) });
}

async function deployHooks({ options, surroundings, log }: Workplace): Promise<DeployHooks | undefined> {
  const { hooks } = options.config;
  if (hooks.length === 0) return undefined;
  const journal = await HookJournal.read(join(options.dataDir, 'hooks.json'));
  return new DeployHooks({ hooks, journal, environment: surroundings.env, clock: systemClock, log });
}

/** The default address gives way to any free port when somebody else has it; an address that was asked for does not. */
async function listen(server: EmbeddedServer, options: Everything, log: Log): Promise<Listening> {
  const { host, port } = options.listen;
  const token =
    options.tokenFile === undefined ? undefined : (await readText('--token-file', options.tokenFile)).trim();
  const clientCa =
    options.clientCaFile === undefined ? undefined : await readText('--client-ca', options.clientCaFile);
  const settings = { host, token, clientCa };
  try {
    return await server.listen({ ...settings, port });
  } catch (error) {
    const taken = error instanceof Error && codes(error).includes('EADDRINUSE');
    if (taken && !options.listenAsked) {
      log.warn({}, `${host}:${port} is taken; a free port is used instead (--listen chooses one)`);
      return server.listen({ ...settings, port: 0 });
    }
    const remedy = taken ? 'it is taken: choose another, or stop what listens there' : messageOf(error);
    throw new EnvironmentError('cli/listen', `--listen ${host}:${port}: ${remedy}`, error);
  }
}

function codes(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  return ['code' in error ? error.code : undefined, ...codes(error.cause)];
}

/** The server's routine news are details to somebody who issues certificates. */
function quieter(log: Log): Log {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.debug(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}
