/** Finds a browser on this machine. Playwright would download one of its own. */

import { existsSync } from 'node:fs';

/** Something that the command needs is not on this machine. */
export class MissingError extends Error {
  override readonly name = 'MissingError';
}

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Returns the path of Chromium: that of the environment variable CHROMIUM, or the one of the distribution. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string {
  const { CHROMIUM } = environment;
  const found = (CHROMIUM === undefined ? paths : [CHROMIUM]).find((path) => existsSync(path));
  if (found === undefined)
    throw new MissingError("Chromium was not found; run 'apt-get install chromium', or set CHROMIUM");
  return found;
}
