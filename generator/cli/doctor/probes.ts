/** Measures the machine for `kvm-uapi doctor`. */

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { endianness, release } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../headers/disk.js';
import type { Target } from '../../targets/target.js';
import { defaultTarget, targetCalled, targets } from '../../targets/targets.js';
import { type CacheOptions, headerSets } from '../headers.js';
import { isInPath } from '../programs.js';
import type { Machine, RuntimeProbe } from './findings.js';

/** Measures the machine that the process runs on. */
export function probeMachine(options: CacheOptions): Machine {
  const target = hostTarget();
  const { command, package: debian } = (target ?? targetCalled(defaultTarget)).compiler;
  const { CC } = process.env;
  const compiler = CC || command[0];
  return {
    platform: process.platform,
    release: release(),
    target: target?.name ?? null,
    node: { version: process.versions.node, oldest: oldestNode() },
    device: probeDevice('/dev/kvm'),
    runtime: target ? probeRuntime(target.name) : { addon: 'no bindings for this machine', kvm: null },
    sets: headerSets(options),
    compiler: { command: compiler, package: debian, found: isInPath(compiler) },
  };
}

function hostTarget(): Target | undefined {
  const byteOrder = endianness() === 'LE' ? 'little' : 'big';
  return targets.find((each) => each.nodeArch === process.arch && each.byteOrder === byteOrder);
}

function oldestNode(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  const { engines } = JSON.parse(text) as { readonly engines: { readonly node: string } };
  return engines.node.replace(/^\D+/, '');
}

/** Opens a device for reading and writing. Returns null, or the code of the error. */
function probeDevice(path: string): string | null {
  try {
    closeSync(openSync(path, 'r+'));
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/**
 * The generator does not import the runtime. A process of its own imports it by its public name, and an addon that ends
 * its process does not end the doctor.
 */
const program = `
const { Kvm } = await import('kvm-uapi/x86_64');
const bindings = await import('kvm-uapi/' + process.argv[1] + '/linux/kvm');
const result = { addon: null, kvm: null };
try {
  const kvm = Kvm.open({ bindings });
  const names = Object.keys(bindings).filter((name) => /^KVM_CAP_[A-Z0-9_]+$/.test(name) && typeof bindings[name] === 'number');
  const capabilities = Object.fromEntries(names.map((name) => [name, kvm.checkExtension(bindings[name])]));
  result.kvm = { apiVersion: kvm.getApiVersion(), capabilities };
  kvm.close();
} catch (error) {
  if (error.code === 'ERR_RUNTIME_MISSING') result.addon = error.message;
  else result.error = error.message;
}
console.log(JSON.stringify(result));
`;

function probeRuntime(target: string): RuntimeProbe {
  const args = ['--input-type=module', '-e', program, target];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: packageRoot(),
    encoding: 'utf8',
  });
  if (status === 0) return JSON.parse(stdout) as RuntimeProbe;
  const why = signal ?? stderr.split('\n').find((line) => /error/i.test(line)) ?? `exit code ${status}`;
  return { addon: `a process that imports the runtime ended with: ${why.trim()}`, kvm: null };
}
