/** Waits until a kind is served and may be read: definitions of other people's kinds come and go while we run. */
import type { ResourceType } from '../../api/resources.ts';
import { apiVersionOf } from '../../api/resources.ts';
import { ForbiddenError, MethodNotAllowedError, NotFoundError } from '../../kube/errors.ts';
import type { ControllerContext } from '../context.ts';

/** How soon an installed definition is noticed; one small request each time. */
const askAgainMs = 30_000;
/** The reason changed nothing for so long: it is said again. */
const failedMs = 5_000;

export type Unserved = 'absent' | 'forbidden' | 'failed';

/**
 * Resolves true once a list of the resource is answered, false when the signal aborts before. What stands in the way is
 * told once, and again only when it becomes something else.
 */
export async function whenServed(
  context: Pick<ControllerContext, 'client' | 'clock' | 'log' | 'options'>,
  resource: ResourceType,
  tell: (why: Unserved | 'served') => void,
  signal: AbortSignal,
): Promise<boolean> {
  let told: Unserved | undefined;
  for (;;) {
    const why = await ask(context, resource, signal);
    if (signal.aborted) return false;
    if (why === undefined) {
      if (told !== undefined) tell('served');
      return true;
    }
    if (why !== told) tell(why);
    told = why;
    await pause(context.clock, why === 'failed' ? failedMs : askAgainMs, signal);
    if (signal.aborted) return false;
  }
}

async function ask(
  { client, log, options }: Pick<ControllerContext, 'client' | 'log' | 'options'>,
  resource: ResourceType,
  signal: AbortSignal,
): Promise<Unserved | undefined> {
  try {
    await client.list(resource, { namespace: options.namespace, limit: 1, metadataOnly: true, signal });
    return undefined;
  } catch (err) {
    if (err instanceof NotFoundError || err instanceof MethodNotAllowedError) return 'absent';
    if (err instanceof ForbiddenError) return 'forbidden';
    if (!signal.aborted)
      log.debug({ err, resource: `${resource.plural}.${apiVersionOf(resource)}` }, 'could not be listed');
    return 'failed';
  }
}

function pause(clock: ControllerContext['clock'], ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
