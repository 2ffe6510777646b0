/** Prints the milliseconds of the first call of the generator in a process, without the start of Node and the imports. */

import { headerToText } from './header-to-text.js';

const start = performance.now();
headerToText();
console.log(performance.now() - start);
