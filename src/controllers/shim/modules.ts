/** The shims as modules of the manager: ingress-shim, gateway-shim and listenerset. */
import type { ControllerName } from '../../api/components.ts';
import type { ControllerModule } from '../module.ts';
import { startShim } from './controller.ts';
import type { ShimOptions } from './options.ts';
import type { ShimKind } from './shim-object.ts';
import { createShimWatches } from './watches.ts';

/** Those that the options switch on; they share their caches. */
export function shimModules(options: ShimOptions): ControllerModule[] {
  const watches = createShimWatches(options);
  const module = (controller: ControllerName, kinds: readonly ShimKind[]): ControllerModule => ({
    names: [controller],
    start: (context, signal) => {
      const running = kinds.map((kind) => startShim(context, signal, { controller, kind, options, watches }));
      return {
        // Begun by themselves, when they are served: a kind that is missing holds nothing else up.
        informers: [],
        stopped: Promise.all(running.map(({ stopped }) => stopped)).then(() => undefined),
      };
    },
  });
  return [
    module('ingress-shim', ['Ingress']),
    ...(options.gatewayApi ? [module('gateway-shim', ['Gateway'])] : []),
    ...(options.gatewayApi && options.listenerSets
      ? [module('listenerset', ['ListenerSet', 'XListenerSet'])]
      : []),
  ];
}
