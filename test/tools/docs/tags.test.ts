/** The parser of the tags, on small test files. */

import { describe, expect, it } from 'vitest';
import { taggedTests } from '../../../tools/docs/tags.js';

const tagsOf = (text: string) =>
  taggedTests('a.test.ts', text).map(({ line, title, subjects }) => ({ line, title, subjects }));

describe('taggedTests', () => {
  it('the parser reads the title and the subjects of each tagged test', () => {
    const text = `
      it('an untagged test passes', () => {});
      // Shows: statement 5
      it('a kick is delivered', () => {});
      describe('registers', () => {
        // Shows: KVM_GET_REGS, KVM_SET_REGS
        it("the guest's registers are read", () => {});
      });`;
    expect(tagsOf(text)).toEqual([
      { line: 3, title: 'a kick is delivered', subjects: ['statement 5'] },
      { line: 6, title: "the guest's registers are read", subjects: ['KVM_GET_REGS', 'KVM_SET_REGS'] },
    ]);
  });

  it.each([
    ["it.each([1, 2])('%d is a number', () => {});", '%d is a number'],
    ["await check('a check passes', () => '');", 'a check passes'],
    ["it.skipIf(true)('a test is skipped', () => {});", 'a test is skipped'],
    ["it.skipIf(true).each([1])('%d is skipped', () => {});", '%d is skipped'],
    ["it.each(\n  [1],\n)('a title is on a later line', () => {});", 'a title is on a later line'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is source text.
    ['it(`${step} is necessary`, () => {});', '${step} is necessary'],
  ])('the parser finds the title in %s', (call, title) => {
    expect(tagsOf(`// Shows: statement 1\n${call}`)).toEqual([{ line: 1, title, subjects: ['statement 1'] }]);
  });

  it('the parser reads several tags and other comments above one test', () => {
    const text = '// Shows: statement 1\n// A comment.\n// Shows: statement 2\nit("a test passes", () => {});';
    expect(tagsOf(text)).toEqual([{ line: 1, title: 'a test passes', subjects: ['statement 1', 'statement 2'] }]);
  });

  it.each([
    ['above a describe', "// Shows: statement 1\ndescribe('kicks', () => {});"],
    ['above a statement', '// Shows: statement 1\nconst a = 1;'],
    ['at the end of the file', "it('a test passes', () => {});\n// Shows: statement 1\n"],
    ['inside a test', "it('a test passes', () => {\n  // Shows: statement 1\n});"],
  ])('the parser refuses a tag %s', (_, text) => {
    expect(() => tagsOf(text)).toThrow(
      /^a\.test\.ts:\d+: a tag must be directly above the call of it\(\) or check\(\)$/,
    );
  });
});
