import { closeSync, existsSync, openSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kvmUapi, projectRoot } from '../helpers/cli.js';

function opens(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}

interface Finding {
  readonly subject: string;
  readonly state: string;
  readonly text: string;
  readonly remedy?: string;
}

it('doctor reports this machine, and exits with 1 if something that the package needs is wrong', () => {
  const { status, stdout, stderr } = kvmUapi(['doctor', '--json']);
  expect(stderr).toBe('');
  const { good, findings } = JSON.parse(stdout) as { good: boolean; findings: readonly Finding[] };
  const state = (subject: string): string | undefined => findings.find((each) => each.subject === subject)?.state;
  expect(state('device')).toBe(opens('/dev/kvm') ? 'good' : 'problem');
  expect(state('addon')).toBe(existsSync(join(projectRoot, 'build/kvm_uapi.node')) ? 'good' : 'problem');
  expect(findings.find(({ subject }) => subject === 'system')?.text).toContain(release());
  expect(good).toBe(findings.every((each) => each.state !== 'problem'));
  expect(status).toBe(good ? 0 : 1);
  for (const each of findings) expect(each.remedy === undefined, each.text).toBe(each.state === 'good');
});
