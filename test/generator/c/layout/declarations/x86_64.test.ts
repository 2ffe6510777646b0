import { testDeclarations } from './tables.js';

testDeclarations('x86_64');
