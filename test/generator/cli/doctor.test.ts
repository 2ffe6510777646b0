import { describe, expect, it } from 'vitest';
import { type Finding, findingsOf, type Machine } from '../../../generator/cli/doctor/findings.js';
import { doctor, doctorJson } from '../../../generator/cli/doctor.js';

/** A machine on which everything is good. */
const good: Machine = {
  platform: 'linux',
  release: '6.1.0-18-amd64',
  target: 'x86_64',
  node: { version: '22.4.1', oldest: '20.19' },
  device: null,
  runtime: {
    addon: null,
    kvm: { apiVersion: 12, capabilities: { KVM_CAP_IRQCHIP: 1, KVM_CAP_NR_VCPUS: 8, KVM_CAP_XEN_HVM: 0 } },
  },
  sets: [{ from: '/', form: 'multiarch', schema: 'kvm-uapi/header-set/1', kernel: '6.1.76', architectures: {} }],
  compiler: { command: 'gcc', package: 'gcc', found: true },
};
const plain = { columns: 80, colour: false };

function finding(machine: Machine, subject: Finding['subject']): Finding | undefined {
  return findingsOf(machine).find((each) => each.subject === subject);
}

describe('doctor', () => {
  it('a machine with all that the package needs has only good findings', () => {
    expect(findingsOf(good).map(({ state }) => state)).toEqual(Array(7).fill('good'));
    const { good: isGood, report } = doctor(good, plain);
    expect(isGood).toBe(true);
    expect(report).toContain('KVM has API version 12 and 2 of 3 capabilities');
    // The value is shown if it is more than a yes.
    expect(report).toContain('  IRQCHIP NR_VCPUS=8');
    expect(report).not.toContain('XEN_HVM');
  });

  it.each<[string, Partial<Machine>, Finding['subject'], Finding['state'], RegExp, RegExp]>([
    ['/dev/kvm is missing', { device: 'ENOENT' }, 'device', 'problem', /not found/, /modprobe/],
    ['/dev/kvm may not be opened', { device: 'EACCES' }, 'device', 'problem', /may not open/, /usermod -aG kvm/],
    ['a container forbids /dev/kvm', { device: 'EPERM' }, 'device', 'problem', /forbids/, /--device/],
    ['no driver answers', { device: 'ENODEV' }, 'device', 'problem', /no driver/, /modprobe/],
    ['/dev/kvm fails in another way', { device: 'EIO' }, 'device', 'problem', /\(EIO\)/, /dmesg/],
    [
      'Node is too old',
      { node: { version: '20.18.3', oldest: '20.19' } },
      'node',
      'problem',
      /20\.18\.3/,
      /20\.19 or later/,
    ],
    [
      'the addon is not built',
      { runtime: { addon: 'not built', kvm: null } },
      'addon',
      'problem',
      /not built/,
      /npx kvm-uapi build/,
    ],
    [
      'KVM has another version',
      { runtime: { addon: null, kvm: null, error: 'version 11' } },
      'kvm',
      'problem',
      /version 11/,
      /bindings/,
    ],
    ['no headers are there', { sets: [] }, 'headers', 'problem', /no kernel headers/, /linux-libc-dev/],
    ['the kernel is newer', { release: '6.12.3' }, 'headers', 'notice', /6\.12\.3 is newer/, /headers import/],
    [
      'no compiler is there',
      { compiler: { ...good.compiler, found: false } },
      'compiler',
      'notice',
      /no C compiler/,
      /--cc/,
    ],
    ['the system is not Linux', { platform: 'darwin' }, 'system', 'problem', /darwin/, /Linux/],
    ['the machine has no bindings', { target: null }, 'system', 'problem', /without bindings/, /architectures/],
  ])('a finding names the problem and the remedy if %s', (_what, change, subject, state, text, remedy) => {
    const machine = { ...good, ...change };
    expect(finding(machine, subject)).toMatchObject({ state });
    expect(finding(machine, subject)?.text).toMatch(text);
    expect(finding(machine, subject)?.remedy).toMatch(remedy);
    expect(doctorJson(machine).good).toBe(state !== 'problem');
  });

  it('headers that are older than the kernel by a patch are good', () => {
    expect(finding({ ...good, release: '6.1.120-cloud' }, 'headers')?.state).toBe('good');
  });

  it('the error of the runtime is left out if /dev/kvm does not open, because the device says why', () => {
    const machine = {
      ...good,
      device: 'ENOENT',
      runtime: { addon: null, kvm: null, error: 'open /dev/kvm: not found' },
    };
    expect(finding(machine, 'kvm')).toBeUndefined();
  });

  it('no line of the report is wider than the terminal', () => {
    const bad = { ...good, device: 'ENOENT', compiler: { ...good.compiler, found: false } };
    const { report } = doctor(bad, plain);
    for (const line of report.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(report).toMatch(/^problem {2}\/dev\/kvm: not found\n {9}To do: run modprobe/m);
  });

  it('the labels have colours only on a terminal with colours', () => {
    expect(doctor(good, { columns: 80, colour: true }).report).toContain('\u001b[32mok');
    expect(doctor(good, plain).report).not.toContain('\u001b');
  });
});
