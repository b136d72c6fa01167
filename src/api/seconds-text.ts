/** A time as Kubernetes writes it. */

/** RFC 3339 with second resolution, as metav1.Time. @param ms milliseconds since the epoch; parts of a second are cut off */
export function secondsText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
