/** The Order controller as a module: registered under `orders` (`--controllers`). */
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import type { ControllerModule } from '../module.ts';
import { startOrderController } from './controller.ts';

export interface OrdersOptions {
  /** Asked before an order is placed with a CA. Absent: the CA's own limits are the only ones. */
  budget?: OrderBudget;
}

export function ordersModule(options: OrdersOptions = {}): ControllerModule {
  return { names: ['orders'], start: (context, signal) => startOrderController(context, signal, options) };
}
