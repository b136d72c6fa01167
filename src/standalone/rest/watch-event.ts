/** Turns stored changes into what one watcher may see: selector transitions, version, table or metadata form. */
import type { JsonObject } from '../resources/resource-entry.ts';
import type { StoredChange } from '../storage/object-store.ts';

export interface WatchView {
  namespace?: string;
  matches?: (object: JsonObject) => boolean;
  /** Renders the stored JSON in the form that the watcher asked for. */
  render: (json: string) => string;
}

/** One line of the watch body, or undefined when the change is not for this watcher. */
export function eventLine(change: StoredChange, view: WatchView): string | undefined {
  if (view.namespace !== undefined && change.namespace !== view.namespace) return undefined;
  let type = change.type;
  let json = change.json;
  if (view.matches !== undefined) {
    const isNow = type !== 'DELETED' && view.matches(JSON.parse(json) as JsonObject);
    const was =
      type !== 'ADDED' &&
      change.previousJson !== undefined &&
      view.matches(JSON.parse(change.previousJson) as JsonObject);
    if (!isNow && !was) return undefined;
    if (!isNow) {
      // Leaving the selection is a deletion to the watcher; it carries the old state at the new revision.
      if (type !== 'DELETED') json = withRevision(change.previousJson!, change.rv);
      type = 'DELETED';
    } else type = was ? 'MODIFIED' : 'ADDED';
  }
  return `{"type":"${type}","object":${view.render(json)}}\n`;
}

function withRevision(json: string, rv: number): string {
  const object = JSON.parse(json) as { metadata: { resourceVersion?: string } };
  object.metadata.resourceVersion = String(rv);
  return JSON.stringify(object);
}
