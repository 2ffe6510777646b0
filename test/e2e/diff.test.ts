/** `kvm-uapi diff`: every form of a side, every form of the output, and the exit codes. */

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf, kvmUapi, plainEnv, type Run, temporaryFolder } from '../helpers/cli.js';
import { debOf, folderWith, smallSetIn } from '../helpers/packages.js';

const [old, now] = ['headers/immediate-exit/linux-4.10', 'headers/immediate-exit/linux-4.11'];

const padding = [
  'struct kvm_run.immediate_exit',
  '__u8 at 1; the bytes were padding1 (7 at 1); the rest is padding1 (6 at 2)',
] as const;

/** The folder of an own header, before and after changes of several classes. */
const before = folderOf({
  'own.h': `
struct grown { unsigned a; };
struct moved { unsigned a; unsigned b; };
enum colour { RED, BLUE };
#define KEPT 1
#define CHANGED 1
#define GONE 77
`,
});
const after = folderOf({
  'own.h': `
#define KEPT 1
#define CHANGED 2
#define FRESH 3
struct grown { unsigned a; unsigned c; };
struct moved { unsigned b; unsigned a; };
enum colour { RED, BLUE, GREEN };
`,
});

const cache = temporaryFolder();

function diff(args: readonly string[], env: NodeJS.ProcessEnv = plainEnv()): Run {
  return kvmUapi(['diff', ...args], { ...env, XDG_CACHE_HOME: cache });
}

describe('diff of the header before and after immediate_exit', () => {
  it('one byte of padding became a member, one capability is new, and nothing breaks', () => {
    const { status, stdout } = diff([old, now]);
    expect(stdout).toBe(
      [
        '<linux/kvm.h> on x86_64',
        '',
        'other changes (2)',
        `  padding   ${padding[0]}  ${padding[1]}`,
        '  addition  KVM_CAP_IMMEDIATE_EXIT         136',
        '',
        '0 breaking changes, 2 others; version step: minor',
        '',
      ].join('\n'),
    );
    expect(status).toBe(0);
  });

  it('the reverse order removes both, and exits with 1', () => {
    const { status, stdout } = diff([now, old]);
    expect(status).toBe(1);
    expect(stdout).toContain('2 breaking changes, 0 others; version step: major');
  });

  it('several targets with equal changes have each change once', () => {
    const { stdout } = diff([old, now, '--arch', 'x86_64', '--arch', 's390x']);
    expect(stdout).toContain('<linux/kvm.h> on x86_64, s390x');
    expect(stdout.match(/immediate_exit/g)).toHaveLength(1);
  });
});

describe('the output of diff', () => {
  const text = (...args: string[]): string => diff([before, after, '--header', 'own.h', ...args]).stdout;

  it('breaking changes come first, and each change has its facts', () => {
    expect(text()).toBe(`<own.h> on x86_64

breaking changes (5)
  removed   GONE            77
  moved     struct moved.a  offset 0 → 4
  moved     struct moved.b  offset 4 → 0
  size      struct grown    4 → 8 bytes; c is new
  value     CHANGED         1 → 2

other changes (3)
  addition  struct grown.c  unsigned int at 4
  addition  GREEN           2
  addition  FRESH           3

5 breaking changes, 3 others; version step: major
`);
  });

  it('--breaking shows only what breaks, and the step of the version still counts all changes', () => {
    const shown = text('--breaking');
    expect(shown).toContain('breaking changes (5)');
    expect(shown).not.toContain('addition');
    expect(shown).toContain('5 breaking changes, 3 others; version step: major');
  });

  it('no line is wider than a terminal of 80 columns', () => {
    const { stdout } = diff([old, now], { ...plainEnv(), COLUMNS: '80' });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toContain(`  padding   ${padding[0]}\n              __u8 at 1; the bytes were padding1 (7 at 1);`);
  });

  it('a terminal of 200 columns has one line for each change', () => {
    expect(diff([old, now], { ...plainEnv(), COLUMNS: '200' }).stdout).toContain(padding.join('  '));
  });

  it('FORCE_COLOR turns colours on, and the text is the same', () => {
    const { stdout } = diff([now, old], { ...plainEnv(), FORCE_COLOR: '1' });
    const codes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(stdout).toMatch(codes);
    expect(stdout.replace(codes, '')).toBe(diff([now, old]).stdout);
  });

  it('--json prints the sides, the step and the changes', () => {
    const json: unknown = JSON.parse(diff([old, now, '--json']).stdout);
    expect(json).toMatchObject({
      schema: 'kvm-uapi/diff/1',
      headers: ['linux/kvm.h'],
      targets: ['x86_64'],
      step: 'minor',
      unread: [],
      changes: [
        { class: 'padding', name: padding[0], after: { offset: 1, size: 1 }, targets: ['x86_64'] },
        { class: 'addition', name: 'KVM_CAP_IMMEDIATE_EXIT', after: { value: 136 }, headers: ['linux/kvm.h'] },
      ],
    });
  });

  it('--markdown prints tables, and Markdown reads no part of a name or text as markup', () => {
    const shown = text('--markdown');
    expect(shown).toContain('### &lt;own.h\\> on x86\\_64\n\n**Version step: major.** 5 breaking changes, 3 others.');
    expect(shown).toContain('| class | name | change |\n| --- | --- | --- |\n| removed | `GONE` | 77 |');
    expect(shown).toContain('<details><summary>Other changes (3)</summary>');
  });

  it('a name on one side with the value of a similar name is shown as a guess', () => {
    const [a, b] = [folderOf({ 'r.h': '#define X_OLD_NAME 77\n' }), folderOf({ 'r.h': '#define X_NEW_NAME 77\n' })];
    expect(diff([a, b, '--header', 'r.h']).stdout).toContain(
      'removed   X_OLD_NAME  probably renamed to X_NEW_NAME: both have the value 77, and the names are similar',
    );
  });
});

describe('the sides of diff', () => {
  const expected = '5 breaking changes, 3 others; version step: major';
  const generated = (include: string): string => {
    const out = temporaryFolder();
    expect(kvmUapi(['generate', '--header', 'own.h', '--include', include, '--out', out]).status).toBe(0);
    return out;
  };

  it('a folder of bindings can be compared with headers and with another folder', () => {
    const [a, b] = [generated(before), generated(after)];
    for (const side of [b, after]) expect(diff([a, side]).stdout).toContain(expected);
  });

  it('a model that layout or generate wrote can be compared', () => {
    const file = join(temporaryFolder(), 'own.json');
    writeFileSync(file, kvmUapi(['layout', '--json', '--header', 'own.h', '--include', before]).stdout);
    expect(diff([file, join(generated(after), 'x86_64/own.model.json')]).stdout).toContain(expected);
  });

  it('bindings of a commit can be compared with those of the folder', () => {
    const folder = temporaryFolder();
    const git = (...args: string[]): void => {
      const own = ['-c', 'user.name=a', '-c', 'user.email=a@b.invalid', ...args];
      expect(spawnSync('git', own, { cwd: folder, encoding: 'utf8' }).stderr).not.toMatch(/fatal/);
    };
    git('init', '-q');
    cpSync(generated(before), join(folder, 'generated'), { recursive: true });
    git('add', '.');
    git('commit', '-qm', 'x');
    cpSync(generated(after), join(folder, 'generated'), { recursive: true });
    const run = (...sides: string[]): string =>
      kvmUapi(['diff', ...sides], { ...plainEnv(), XDG_CACHE_HOME: cache }, folder).stdout;
    expect(run('HEAD:generated', 'generated')).toContain(expected);
    expect(run('HEAD:./generated/x86_64/own.model.json', 'generated')).toContain(expected);
  });

  it('a folder of a header set and a Debian package can be compared', async () => {
    const set = smallSetIn['all architectures'];
    const changed = set.map(([path, entry]) => {
      const isKvm = path.endsWith('linux/kvm.h') && typeof entry === 'string';
      return [path, isKvm ? `${entry}\n#define KVM_FRESH 5\n` : entry] as const;
    });
    const deb = join(temporaryFolder(), 'small.deb');
    writeFileSync(deb, await debOf({ data: changed }));
    for (const args of [[], ['--all-headers']]) {
      const { status, stdout } = diff([folderWith(set), deb, ...args]);
      expect(stdout).toMatch(/addition {2}KVM_FRESH {2}5/);
      expect(status).toBe(0);
    }
  });

  it('a header that only one side has is one change with the number of its items', () => {
    const more = folderOf({
      'own.h': readFileSync(join(after, 'own.h')),
      'more.h': '#define MORE 1\n#define EVEN_MORE 2\n',
    });
    const { stdout } = diff([after, more, '--all-headers']);
    expect(stdout).toContain('addition  <more.h>  new, with 2 items');
    expect(stdout).not.toContain('EVEN_MORE');
    expect(diff([after, more, '--all-headers', '--all']).stdout).toContain('addition  EVEN_MORE  2');
    expect(diff([more, after, '--header', 'more.h']).status).toBe(1);
  });
});

describe.each(['README.md', 'docs/compatibility.md'])('%s', (name) => {
  it('the output of diff in the document is the output of the command', () => {
    const document = readFileSync(name, 'utf8');
    const [, args = '', shown] =
      /^\$ (?:npm run -s kvm-uapi -- |kvm-uapi )diff (.*)\n([^`]*)```$/m.exec(document) ?? [];
    expect(shown).toBe(diff(args.split(' ')).stdout);
  });
});

describe('wrong uses of diff', () => {
  it.each([
    [['nothing', old], /'nothing' is not a file, a folder or a header set/],
    [['./nothing', old], /\.\/nothing: not found; check the path/],
    [[old, 'README.md'], /README\.md: cannot be compared; give a model/],
    [['docs', old], /docs: contains no headers, no header set and no bindings/],
    [[old, now, '--header', 'linux/nothing.h'], /<linux\/nothing\.h> not found in/],
    [[old, now, '--arch', 'vax'], /vax/],
    [['generated', old, '--arch', 'arm'], /generated has no headers for arm, only for/],
    [[old, now, '--header', 'a.h', '--all-headers'], /--all-headers cannot be combined with --header/],
    [['HEAD:nothing', old], /HEAD:nothing: not found/],
    [[old], /missing required argument 'new'/],
  ] as const)('%j is refused with exit code 2', (args, message) => {
    const { status, stdout, stderr } = diff(args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});

describe('two forms of the output', () => {
  it('--json and --markdown together are refused, as JSON', () => {
    const { status, stdout } = diff([old, now, '--json', '--markdown']);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { kind: 'UsageError', message: '--json and --markdown cannot be combined; remove one of them' },
    });
    expect(status).toBe(2);
  });
});

describe('generate', () => {
  it('generate shows what changed since the last run, and the command that shows all', () => {
    const folder = folderOf({ 'own.h': readFileSync(join(before, 'own.h')) });
    const run = (): string => kvmUapi(['generate', '--header', './own.h'], plainEnv(), folder).stdout;
    expect(run()).not.toContain('changed since');
    expect(run()).not.toContain('changed since');
    writeFileSync(join(folder, 'own.h'), readFileSync(join(after, 'own.h')));
    const shown = run();
    expect(shown).toContain('changed since the bindings were written:\n  breaking changes (5)\n    removed   GONE');
    expect(shown).toContain('  5 breaking changes, 3 others; version step: major');
    const many = Array.from({ length: 100 }, (_, index) => `#define MANY_${index} ${index}\n`);
    writeFileSync(join(folder, 'own.h'), `${readFileSync(join(after, 'own.h'), 'utf8')}${many.join('')}`);
    expect(run()).toMatch(/ {2}and \d+ more lines; 'kvm-uapi diff .*' shows all\n/);
  });
});
