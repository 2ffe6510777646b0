/** Programs that use the package, with the newest version of TypeScript. */

import { describe } from 'vitest';
import { typeScripts } from '../../tools/lib/typescript-workspace.js';
import { checkPrograms } from '../helpers/checked-programs.js';

for (const each of typeScripts.slice(-1)) describe(`with TypeScript ${each.version}`, () => checkPrograms(each));
