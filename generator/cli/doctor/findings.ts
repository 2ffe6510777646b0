/** What `kvm-uapi doctor` finds, from what the probes have measured. */

import type { ListedSet } from '../headers.js';

/** What the probes measure on a machine. */
export interface Machine {
  readonly platform: string;
  /** The version of the running kernel: `uname -r`. */
  readonly release: string;
  /** The target that the process runs on. Null if the package has none for this machine. */
  readonly target: string | null;
  readonly node: { readonly version: string; readonly oldest: string };
  /** The result of opening /dev/kvm for reading and writing: null, or the code of the error. */
  readonly device: string | null;
  readonly runtime: RuntimeProbe;
  readonly sets: readonly ListedSet[];
  /** The compiler of the target, and its Debian package. */
  readonly compiler: { readonly command: string; readonly package: string; readonly found: boolean };
}

/** What the runtime of the package says in a process of its own. */
export interface RuntimeProbe {
  /** Null if the addon is loaded. Otherwise the reason why it is not. */
  readonly addon: string | null;
  /** Null if the runtime could not open /dev/kvm. */
  readonly kvm: { readonly apiVersion: number; readonly capabilities: Readonly<Record<string, number>> } | null;
  /** The error of the runtime after the addon was loaded. */
  readonly error?: string;
}

export interface Finding {
  readonly subject: 'system' | 'node' | 'device' | 'addon' | 'kvm' | 'headers' | 'compiler';
  /** `problem`: something that the package needs is wrong. `notice`: something works, but not in the best way. */
  readonly state: 'good' | 'notice' | 'problem';
  readonly text: string;
  /** What to do. Absent if the state is good. */
  readonly remedy?: string;
}

/** Returns the findings in the order of their reading. */
export function findingsOf(machine: Machine): Finding[] {
  return [
    systemFinding(machine),
    nodeFinding(machine),
    addonFinding(machine),
    deviceFinding(machine),
    ...kvmFindings(machine),
    headersFinding(machine),
    compilerFinding(machine),
  ];
}

function systemFinding({ platform, release, target }: Machine): Finding {
  const subject = 'system';
  if (platform !== 'linux') {
    const remedy = 'run the runtime on Linux; the generator works with --from and imported header sets';
    return { subject, state: 'problem', text: `the system is ${platform}; KVM is a part of Linux`, remedy };
  }
  if (target === null) {
    const remedy = "'kvm-uapi generate --help' lists the architectures that have bindings";
    return { subject, state: 'problem', text: `Linux ${release} on an architecture without bindings`, remedy };
  }
  return { subject, state: 'good', text: `Linux ${release} on ${target}` };
}

function nodeFinding({ node: { version, oldest } }: Machine): Finding {
  if (isAtLeast(version, oldest)) return { subject: 'node', state: 'good', text: `Node ${version}` };
  const remedy = `install Node ${oldest} or later`;
  return { subject: 'node', state: 'problem', text: `Node ${version} is older than ${oldest}`, remedy };
}

function addonFinding({ runtime: { addon } }: Machine): Finding {
  if (addon === null) return { subject: 'addon', state: 'good', text: 'the addon is built and can be loaded' };
  const remedy = "install a C++17 compiler and make (Debian: apt-get install g++ make), and run 'npx kvm-uapi build'";
  return { subject: 'addon', state: 'problem', text: `the addon cannot be loaded: ${addon}`, remedy };
}

interface DeviceProblem {
  readonly text: string;
  readonly remedy: string;
}

/** Why /dev/kvm does not open, by the code of the error. */
const deviceProblems: Readonly<Record<string, DeviceProblem>> = {
  ENOENT: {
    text: '/dev/kvm: not found',
    remedy:
      'run modprobe kvm_intel or kvm_amd, and turn virtualization on in the firmware; in a virtual machine, turn nested virtualization on; in a container, pass the device (--device /dev/kvm)',
  },
  EACCES: {
    text: '/dev/kvm: this user may not open it for reading and writing',
    remedy: "run 'sudo usermod -aG kvm $USER' and log in again; in a container, start it with the group of the device",
  },
  EPERM: {
    text: '/dev/kvm: the system forbids to open it',
    remedy: 'permit the device in the container (--device /dev/kvm) or in the device cgroup of the service',
  },
  ENODEV: {
    text: '/dev/kvm: the file exists, but no driver answers',
    remedy: 'run modprobe kvm_intel or kvm_amd, and turn virtualization on in the firmware',
  },
};

function deviceFinding({ device }: Machine): Finding {
  const subject = 'device';
  if (device === null) return { subject, state: 'good', text: '/dev/kvm opens for reading and writing' };
  const problem = deviceProblems[device] ?? {
    text: `/dev/kvm: cannot be opened (${device})`,
    remedy: "read the messages of the kernel: 'dmesg | grep -i kvm'",
  };
  return { subject, state: 'problem', ...problem };
}

function kvmFindings({ runtime: { kvm, error }, device }: Machine): Finding[] {
  if (kvm) {
    const values = Object.values(kvm.capabilities);
    const count = `${values.filter((value) => value > 0).length} of ${values.length} capabilities`;
    return [{ subject: 'kvm', state: 'good', text: `KVM has API version ${kvm.apiVersion} and ${count}` }];
  }
  // If /dev/kvm does not open, the error of the runtime repeats it.
  if (error === undefined || device !== null) return [];
  const remedy = 'compare the version of the kernel with that of the bindings';
  return [{ subject: 'kvm', state: 'problem', text: `the runtime cannot use KVM: ${error}`, remedy }];
}

function headersFinding({ sets, release, target }: Machine): Finding {
  const subject = 'headers';
  const installed = sets.filter(({ form }) => form !== 'imported' && form !== 'cross');
  const [newest, ...others] = [...installed].sort((a, b) => (isAtLeast(a.kernel, b.kernel) ? -1 : 1));
  if (!newest) {
    const remedy = "run 'apt-get install linux-libc-dev', or import a package with 'kvm-uapi headers import'";
    const imported = sets.length > 0 ? `; ${sets.length} imported sets can be read with --from` : '';
    const text = `no kernel headers are installed${target === null ? '' : ` for ${target}`}${imported}`;
    return { subject, state: sets.length > 0 ? 'notice' : 'problem', text, remedy };
  }
  const more = others.length === 0 ? '' : `, and ${others.length} other sets`;
  const text = `the headers are those of Linux ${newest.kernel}${more}`;
  if (isAtLeast(newest.kernel, release)) return { subject, state: 'good', text };
  const remedy =
    "to use what is new in this kernel, import its headers with 'kvm-uapi headers import', and name them with --from";
  return { subject, state: 'notice', text: `${text}; the running kernel ${release} is newer`, remedy };
}

function compilerFinding({ compiler }: Machine): Finding {
  const subject = 'compiler';
  if (compiler.found) return { subject, state: 'good', text: `the C compiler ${compiler.command} is in PATH` };
  const text = `no C compiler (${compiler.command}) in PATH; only 'kvm-uapi verify' needs it`;
  return {
    subject,
    state: 'notice',
    text,
    remedy: `run 'apt-get install ${compiler.package}', or name a compiler with --cc`,
  };
}

/** Compares the first two numbers of versions, such as 6.1.0-18-amd64 or v20.19.1. */
function isAtLeast(version: string, oldest: string): boolean {
  const [[major, minor], [least, leastMinor]] = [numbersOf(version), numbersOf(oldest)];
  return major > least || (major === least && minor >= leastMinor);
}

function numbersOf(version: string): [major: number, minor: number] {
  const [, major = '0', minor = '0'] = /(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}
