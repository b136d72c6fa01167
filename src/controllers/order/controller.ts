/** Brings Orders forward (acme.md §5): reads caches, decides, acts, writes the status once. */
import type { ControllerContext } from '../context.ts';
import type { RunningModule } from '../module.ts';
import type { OrdersOptions } from './module.ts';

export function startOrderController(
  _context: ControllerContext,
  _signal: AbortSignal,
  _options: OrdersOptions,
): RunningModule {
  return { informers: [], stopped: Promise.resolve() };
}
