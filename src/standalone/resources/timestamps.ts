/** Times as Kubernetes writes them. */

/** RFC 3339 with second resolution, as metav1.Time. */
export function secondsText(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
