/** The image's bill of materials: what `npm sbom` says about the program, and the libraries that came from the machine. */

import { createHash } from 'node:crypto';

import type { SharedLibrary } from './shared-libraries.ts';

interface Component {
  readonly name: string;
  readonly 'bom-ref': string;
}

/** The parts of CycloneDX 1.5 that are touched here. */
interface Bom {
  readonly metadata: {
    readonly component: Readonly<Record<string, unknown>>;
    readonly [key: string]: unknown;
  };
  readonly components: readonly Component[];
  readonly dependencies?: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [key: string]: unknown;
}

/**
 * @param npm what `npm sbom --sbom-format cyclonedx` printed
 * @param nodePackage the package whose Node is in the image; those for other machines are left out
 * @returns CycloneDX 1.5 as JSON, without what differs from run to run: time, serial number, npm's own version
 * @throws Error when npm printed something else
 */
export function billOfMaterials(
  npm: string,
  nodePackage: string,
  libraries: readonly SharedLibrary[],
): string {
  const bom = JSON.parse(npm) as Bom;
  if (bom['bomFormat'] !== 'CycloneDX' || !Array.isArray(bom.components))
    throw new Error('npm sbom printed something that is no CycloneDX document');
  const kept = bom.components.filter(({ name }) => !name.startsWith('node-linux-') || name === nodePackage);
  if (!kept.some(({ name }) => name === nodePackage))
    throw new Error(`npm sbom does not name ${nodePackage}`);
  const references = new Set(kept.map((component) => component['bom-ref']));
  const own = bom.metadata.component;
  references.add(String(own['bom-ref']));
  return `${JSON.stringify(
    {
      $schema: bom['$schema'],
      bomFormat: 'CycloneDX',
      specVersion: bom['specVersion'],
      version: 1,
      metadata: {
        lifecycles: [{ phase: 'build' }],
        // npm takes the name from the folder; it is the name of the program here.
        component: { ...own, type: 'application', name: 'certwright' },
      },
      components: [...kept, ...libraryComponents(libraries)],
      dependencies: (bom.dependencies ?? [])
        .filter(({ ref }) => references.has(ref))
        .map(({ ref, dependsOn = [] }) => ({
          ref,
          dependsOn: dependsOn.filter((one) => references.has(one)),
        })),
    },
    undefined,
    2,
  )}\n`;
}

/** One component for each package, or for each file that no package owns; hashes are those of the files in the image. */
function libraryComponents(libraries: readonly SharedLibrary[]): unknown[] {
  return libraries.map((library) => {
    const owner = library.package;
    const name = library.path.slice(library.path.lastIndexOf('/') + 1);
    return {
      'bom-ref': `file:${library.path}`,
      type: 'library',
      name,
      ...(owner && {
        version: owner.version,
        purl: `pkg:deb/debian/${owner.name}@${encodeURIComponent(owner.version)}`,
      }),
      hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(library.content).digest('hex') }],
    };
  });
}
