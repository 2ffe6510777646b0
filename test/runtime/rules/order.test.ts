/** No rule claims the breach of another rule: the errors are the same if the rules are tried in the opposite order. */

import { describe, expect, it, vi } from 'vitest';
import type { KvmError } from '../../../runtime/index.js';
import { rules } from '../../../runtime/x86_64/rules/list.js';
import { hasKvm, needsKvm, thrownBy } from '../../helpers/vcpus.js';
import { breaches, Make } from './breaches/index.js';

vi.mock(import('../../../runtime/x86_64/rules/list.js'), async (original) => {
  const list = await original();
  return { rules: list.rules.toReversed() };
});

describe.skipIf(!hasKvm)(`the order of the rules ${needsKvm}`, () => {
  it('the rules are in the opposite order in this file', () => {
    expect(rules.at(-1)).toMatchObject({ ioctl: 'KVM_CREATE_VM' });
  });

  it.each(breaches)('$ioctl fails with $code and no other rule claims the error when $when', (breach) => {
    using make = new Make();
    const { message } = thrownBy(() => breach.break(make)) as KvmError;
    expect(message).toContain(breach.rule);
    expect(message).toContain(breach.shows);
  });
});
