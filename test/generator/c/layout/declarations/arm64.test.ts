import { testDeclarations } from './tables.js';

testDeclarations('arm64');
