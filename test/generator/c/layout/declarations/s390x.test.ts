import { testDeclarations } from './tables.js';

testDeclarations('s390x');
