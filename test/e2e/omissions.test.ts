import { describe, expect, it } from 'vitest';
import { folderOf, kvmUapi, type Run } from '../helpers/cli.js';

const header = `
#define X_EMPTY
#define X_TAKES(type) sizeof(type)
#ifdef __s390x__
struct only { int a; };
#endif
#define X_ONE 1
`;

describe('omissions', () => {
  const include = folderOf({ 'x/a.h': header });
  const run = (...args: string[]): Run => kvmUapi([...args, '--header', 'x/a.h', '--include', include]);

  it('omissions lists each omission with its kind, location and reason', () => {
    const { status, stdout } = run('omissions');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^macro +X_EMPTY +x\/a\.h:2 +defined as nothing: it has no value$/m);
    expect(stdout).toMatch(/^macro +X_TAKES\(type\) +x\/a\.h:3 +\S.*$/m);
    expect(stdout).toMatch(/^type +struct only +x\/a\.h:5 +declared under '#ifdef __s390x__', .*$/m);
    expect(stdout.trim().split('\n')).toHaveLength(3);
  });

  it('omissions --json prints the same for each target', () => {
    const { stdout } = run('omissions', '--json', '--arch', 'x86_64', '--arch', 's390x');
    const listed = JSON.parse(stdout) as { name: string; target: string; kind: string; location: unknown }[];
    expect(listed.map(({ name, target }) => [name, target])).toEqual([
      ['X_EMPTY', 'x86_64'],
      ['X_TAKES', 'x86_64'],
      ['struct only', 'x86_64'],
      ['X_EMPTY', 's390x'],
      ['X_TAKES', 's390x'],
    ]);
    expect(listed[2]).toMatchObject({ kind: 'type', location: { header: 'x/a.h', line: 5 }, header: 'x/a.h' });
  });

  it('omissions says so if nothing is omitted', () => {
    const empty = folderOf({ 'x/b.h': '#define X_ONE 1\n' });
    const { stdout } = kvmUapi(['omissions', '--header', 'x/b.h', '--include', empty]);
    expect(stdout).toBe('no omissions: every declaration is in the model\n');
  });

  it('generate prints the names of the omissions', () => {
    expect(run('generate', '--out', folderOf({})).stdout).toMatch(
      /omitted +3 declarations:\n +types +struct only\n +macros +X_EMPTY, X_TAKES\(type\)\n +'kvm-uapi omissions' lists them/,
    );
  });

  it('generate prints as many names as fit, and the number of the others', () => {
    const names = Array.from({ length: 300 }, (_, index) => `#define X_EMPTY_${index}\n`).join('');
    const many = folderOf({ 'x/c.h': names });
    const { stdout } = kvmUapi(['generate', '--header', 'x/c.h', '--include', many, '--out', folderOf({})]);
    const [, more] = /and (\d+) more; 'kvm-uapi omissions' lists them/.exec(stdout) ?? [];
    expect((stdout.match(/X_EMPTY_\d+/g) ?? []).length + Number(more)).toBe(300);
    expect(stdout.split('\n').length).toBeLessThan(26);
  });
});
