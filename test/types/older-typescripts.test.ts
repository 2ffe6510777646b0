/** Programs that use the package, with older versions of TypeScript, which take longer. */

import { describe } from 'vitest';
import { typeScripts } from '../../tools/lib/typescript-workspace.js';
import { checkPrograms } from '../helpers/checked-programs.js';

describe.each(typeScripts.slice(0, -1))('with TypeScript $version', checkPrograms);
