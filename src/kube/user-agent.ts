/** How our requests name themselves in audit logs, flow schemas and managed fields. */

export interface Build {
  version: string;
  commit: string;
  /** `process.platform` and `process.arch`. */
  platform: string;
  arch: string;
}

/** Go's names, which audit rules are written for. */
const goArch: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** `<component>/<version> (<os>/<arch>) certwright/<commit>` (certificate-lifecycle spec §1). */
export function userAgent(component: string, build: Build): string {
  const arch = goArch[build.arch] ?? build.arch;
  return `${component}/${build.version} (${build.platform}/${arch}) certwright/${build.commit}`;
}
