/**
 * Says what is missing before Node says it in a stack trace: that of a Node which cannot run TypeScript, or of packages
 * that are not there. Plain JavaScript, for the Node at hand may be an old one.
 */
import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
const installed = existsSync(new URL('../../node_modules/esbuild/package.json', import.meta.url));
if (!installed || major < 24) {
  const problem = installed
    ? `This needs Node 24 or newer, and runs on Node ${process.versions.node}. "npm ci" brings one for Linux; elsewhere install it yourself.`
    : 'The packages are not installed: run "npm ci" first, and see how it ends. It brings Node 24 for Linux, too.';
  console.error(`certwright: ${problem}`);
  process.exitCode = 3;
}
