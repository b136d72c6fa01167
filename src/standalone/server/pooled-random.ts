/** Random bytes from node:crypto, fetched by the page: each call for a few of them costs the kernel as much as for thousands. */
import { randomFillSync } from 'node:crypto';

const pageSize = 4096;

/** Gives bytes that are the caller's own; none is given out twice. */
export function pooledRandom(): (size: number) => Uint8Array {
  const page = new Uint8Array(pageSize);
  let used = pageSize;
  return (size) => {
    if (size > pageSize / 4) return randomFillSync(new Uint8Array(size));
    if (used + size > pageSize) {
      randomFillSync(page);
      used = 0;
    }
    const bytes = page.slice(used, used + size);
    // What was given out may become a secret: it does not stay behind.
    page.fill(0, used, used + size);
    used += size;
    return bytes;
  };
}
