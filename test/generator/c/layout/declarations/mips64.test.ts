import { testDeclarations } from './tables.js';

testDeclarations('mips64');
