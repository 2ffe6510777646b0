import { testDeclarations } from './tables.js';

testDeclarations('i386');
