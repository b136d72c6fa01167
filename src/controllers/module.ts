/** The seam for a controller beside those of Certificates, requests and issuers: one folder, one module, one line of registration. */
import type { ControllerName } from '../api/components.ts';
import type { Informer } from '../kube/cache.ts';
import type { ControllerContext, RunningController } from './context.ts';

/** A controller that the manager runs where one of its names is enabled (`--controllers`, spec/operations.md §3). */
export interface ControllerModule {
  names: readonly ControllerName[];
  /** Hooks handlers to caches and starts its workers. Called once, before any cache is filled; must not throw. */
  start(context: ControllerContext, signal: AbortSignal): RunningModule;
}

export interface RunningModule extends RunningController {
  /** Caches of this module alone (`context.watch`). The manager starts them, and `synced` waits for them. */
  informers: readonly Informer<unknown>[];
}
