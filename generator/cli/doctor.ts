/** `kvm-uapi doctor`: checks the machine, and says what to do about each problem. */

import { wrapped } from '../report/wrap.js';
import { type Finding, findingsOf, type Machine } from './doctor/findings.js';
import { styled, type Terminal } from './terminal.js';

export interface Diagnosis {
  /** False if something that the package needs is wrong. */
  readonly good: boolean;
  readonly report: string;
}

/** Returns the findings about a machine as text for people. */
export function doctor(machine: Machine, terminal: Terminal): Diagnosis {
  const findings = findingsOf(machine);
  const width = Math.max(40, terminal.columns ?? Number.POSITIVE_INFINITY);
  const lines = findings.flatMap((finding) => findingLines(finding, width, terminal.colour));
  return { good: isGood(findings), report: [...lines, ...capabilityLines(machine, width)].join('\n') };
}

/** Returns the findings and the capabilities as JSON, with the schema `kvm-uapi/doctor/1`. */
export function doctorJson(machine: Machine): Diagnosis {
  const findings = findingsOf(machine);
  const good = isGood(findings);
  const { kvm } = machine.runtime;
  return { good, report: JSON.stringify({ schema: 'kvm-uapi/doctor/1', good, findings, kvm }, null, 2) };
}

function isGood(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== 'problem');
}

const labels = { good: 'ok', notice: 'notice', problem: 'problem' } as const;
const styles = { good: 'green', notice: 'yellow', problem: 'red' } as const;
const labelWidth = 9;

function findingLines({ state, text, remedy }: Finding, width: number, colour: boolean): string[] {
  const label = labels[state].padEnd(labelWidth);
  const indent = ' '.repeat(labelWidth);
  const [first = '', ...more] = wrapped(text, width - labelWidth);
  const advice = remedy === undefined ? [] : wrapped(`To do: ${remedy}`, width - labelWidth);
  return [
    `${colour ? styled(styles[state], label) : label}${first}`,
    ...[...more, ...advice].map((line) => indent + line),
  ];
}

/** Lists the capabilities that this machine has, without the prefix `KVM_CAP_`. */
function capabilityLines({ runtime: { kvm } }: Machine, width: number): string[] {
  if (!kvm) return [];
  const names = Object.entries(kvm.capabilities).flatMap(([name, value]) => {
    if (value <= 0) return [];
    const short = name.replace(/^KVM_CAP_/, '');
    return [value === 1 ? short : `${short}=${value}`];
  });
  const widest = Math.min(width, 120);
  return ['', 'Capabilities (KVM_CAP_…):', ...wrapped(names.join(' '), widest - 2).map((line) => `  ${line}`)];
}
