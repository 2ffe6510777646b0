/**
 * Tags say what a test shows. A tag is a line comment directly above the call of `it`, or of `check` of a program that runs in a
 * virtual machine:
 *
 *     // Shows: statement 5, statement 7
 *     it('KVM_RUN completes the pending operation', () => {
 *
 * The subjects of a tag are statements of docs/race-free-exit.md (`statement 5`), statements of docs/security.md
 * (`security 3`), names of ioctls (`KVM_GET_REGS`), methods and unit tests of kvm-ioctls (`kvm-ioctls vcpu::test_fpu`) or checks of
 * the kernel's own tests of KVM (`selftest x86/cpuid_test`).
 */

import ts from 'typescript-6';

/** A test with a tag. */
export interface TaggedTest {
  /** The path of the test file. */
  readonly file: string;
  /** The line of the first tag, starting with 1. */
  readonly line: number;
  /** The title as it is in the source: `%s` and `$name` of a title of `it.each` are not replaced. */
  readonly title: string;
  readonly subjects: readonly string[];
}

const tagPattern = /^\/\/ Shows: (.+)$/;

/** A tag. `pos` is its offset in the text. */
interface Tag {
  readonly pos: number;
  readonly subjects: readonly string[];
}

/**
 * Reads the tags of a test file, in the order of the tests.
 *
 * @throws Error when a tag is not directly above a test.
 */
export function taggedTests(file: string, text: string): readonly TaggedTest[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const tests: TaggedTest[] = [];
  /** The tags that belong to a test, and the tags that are text of a string. */
  const explained = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node)) {
      const title = titleOf(node.expression);
      const tags = title === undefined ? [] : tagsAbove(source, node);
      for (const { pos } of tags) explained.add(pos);
      const [first] = tags;
      if (first !== undefined && title !== undefined) {
        const subjects = tags.flatMap((tag) => tag.subjects);
        tests.push({ file, line: lineOf(source, first.pos), title, subjects });
      }
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      for (const pos of tagsIn(text.slice(0, node.end), node.getStart())) explained.add(pos);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const misplaced = tagsIn(text).find((pos) => !explained.has(pos));
  if (misplaced !== undefined) {
    throw new Error(`${file}:${lineOf(source, misplaced)}: a tag must be directly above the call of it() or check()`);
  }
  return tests;
}

/** The offsets of all texts that look like a tag, from an offset on. */
function tagsIn(text: string, from = 0): number[] {
  return [...text.matchAll(/\/\/ Shows: /g)].map(({ index }) => index).filter((index) => index >= from);
}

function lineOf(source: ts.SourceFile, pos: number): number {
  return source.getLineAndCharacterOfPosition(pos).line + 1;
}

/** The tags among the comments directly above a statement. */
function tagsAbove(source: ts.SourceFile, statement: ts.Statement): Tag[] {
  const comments = ts.getLeadingCommentRanges(source.text, statement.getFullStart()) ?? [];
  return comments.flatMap(({ pos, end }) => {
    const [, subjects] = tagPattern.exec(source.text.slice(pos, end)) ?? [];
    return subjects === undefined ? [] : [{ pos, subjects: subjects.split(',').map((subject) => subject.trim()) }];
  });
}

/** The title of a call of `it`, of `it.each(…)` or of another form of `it`, or of `await check()`. Undefined for any other expression. */
function titleOf(expression: ts.Expression): string | undefined {
  if (ts.isAwaitExpression(expression)) return titleOf(expression.expression);
  if (!ts.isCallExpression(expression) || !isIt(expression.expression)) return undefined;
  const [title] = expression.arguments;
  if (title === undefined) return undefined;
  return ts.isStringLiteralLike(title) ? title.text : title.getText().slice(1, -1);
}

function isIt(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it' || callee.text === 'check';
  return (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) && isIt(callee.expression);
}
