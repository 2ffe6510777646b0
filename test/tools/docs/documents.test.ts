/** The committed documents of docs/internals/ are current, and every statement and every ioctl has a test. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { derivedDocuments } from '../../../tools/docs/documents.js';

it.each(derivedDocuments())('$path is current', ({ path, text }) => {
  expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(text);
});

it.each(derivedDocuments())('every subject of $path has a test', ({ withoutTest }) => {
  expect(withoutTest).toEqual([]);
});
