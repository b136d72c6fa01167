/** The watch over dns-persist-01 records as a module: it runs where Challenges are worked on (`--controllers`). */
import { untilAborted } from '../../kube/until-aborted.ts';
import type { LookForRecord } from '../../solvers/dns-persist01/look-for-record.ts';
import type { ControllerModule } from '../module.ts';
import { namedIssuer } from '../named-issuer.ts';
import { RecordWatch } from './record-watch.ts';

export interface PersistRecordsOptions {
  /** Made when the work begins; `close` ends what it holds. */
  open(): { look: LookForRecord; close(): Promise<void> };
  /** Told how many records are missing. */
  onMissing?(count: number): void;
}

export function persistRecordsModule(options: PersistRecordsOptions): ControllerModule {
  return {
    names: ['challenges'],
    start: (context, signal) => {
      const { informers } = context;
      const eyes = options.open();
      const watch = new RecordWatch(context, signal, {
        look: eyes.look,
        issuerOf: ({ metadata, spec }) => namedIssuer(informers, metadata?.namespace, spec.issuerRef),
        onMissing: (count) => options.onMissing?.(count),
      });
      const stopping = untilAborted(signal);
      void Promise.race([context.synced, stopping]).then(() => watch.start());
      return { informers: [], stopped: stopping.then(() => watch.stop()).then(() => eyes.close()) };
    },
  };
}
