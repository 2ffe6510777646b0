/** The kernel facts about the commands of ioctls, compared with the models of all architectures and with an older header. */

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandRows } from '../../../generator/kernel/ioctl-commands.js';
import type { Model } from '../../../generator/model/model.js';
import { select } from '../../../generator/model/selection.js';
import { committedModel } from '../../helpers/committed-models.js';

const models = readdirSync(new URL('../../../generated', import.meta.url)).map(committedModel);
const modelOf = (target: string): Model => models.find((each) => each.target === target) as Model;

/** The commands of the header for which `sev_mem_enc_ioctl` has no case, so that the kernel fails with EINVAL. */
const unused = ['KVM_SEV_SEND_UPDATE_VMSA', 'KVM_SEV_RECEIVE_UPDATE_VMSA', 'KVM_SEV_CERT_EXPORT'];
/** The commands that newer headers have. */
const newer = ['KVM_TDX_TERMINATE_VM'];

const names = commandRows.map(({ command }) => command);

describe('the rows about commands', () => {
  it('every command of the header has a row, or the kernel does not have the command', () => {
    const { enums } = modelOf('x86_64');
    const found = enums
      .filter(({ tag }) => tag === 'sev_cmd_id' || tag === 'kvm_tdx_cmd_id')
      .flatMap(({ enumerators }) => enumerators.map(({ name }) => name))
      .filter((name) => !/_NR_MAX$/.test(name));
    expect(found.length).toBeGreaterThan(30);
    expect([...found, ...newer].toSorted()).toEqual([...names, ...unused].toSorted());
  });

  it('no command has two rows, and every row names a source file or a document of the kernel', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { source } of commandRows) expect(source).toMatch(/\.(?:c|rst)\b/);
  });

  it('every struct, every address, every length and every error is in the header', () => {
    const { types } = modelOf('x86_64');
    const membersOf = (tag: string): Map<string | null, string> => {
      const record = types.find((each) => each.tag === tag);
      return new Map(record?.members.map(({ name, shape }) => [name, shape.is]));
    };
    for (const { carrier, error, argument, addresses = [] } of commandRows) {
      for (const member of ['id', 'data', error]) expect([...membersOf(carrier).keys()]).toContain(member);
      for (const { member, countedBy } of addresses) {
        expect([member, membersOf(argument ?? '').get(member)]).toEqual([member, 'u64']);
        if (countedBy !== undefined) expect(membersOf(argument ?? '').get(countedBy)).toMatch(/^u(?:8|32|64)$/);
      }
    }
  });

  it('the sizes of the blocks without a length are those of the header', () => {
    const { constants } = modelOf('x86_64');
    const sizes = ['KVM_SEV_SNP_ID_BLOCK_SIZE', 'KVM_SEV_SNP_ID_AUTH_SIZE'].map(
      (name) => constants.find((each) => each.name === name)?.value,
    );
    const row = commandRows.find(({ command }) => command === 'KVM_SEV_SNP_LAUNCH_FINISH');
    expect(row?.addresses?.map(({ elementSize }) => elementSize)).toEqual(sizes);
  });
});

describe('the commands of ioctls in the models', () => {
  it('only x86 has commands, with the numbers of the header', () => {
    for (const { target, ioctls, enums } of models) {
      const values = new Map(enums.flatMap(({ enumerators }) => enumerators).map(({ name, value }) => [name, value]));
      const commands = ioctls.flatMap(({ commands: some = [] }) => some);
      expect([target, commands.length]).toEqual([target, /86/.test(target) ? names.length - newer.length : 0]);
      for (const { name, id } of commands) expect([name, id]).toEqual([name, values.get(name)]);
    }
  });

  it('a struct that ends in CPUID leaves has the place of their number', () => {
    const { ioctls } = modelOf('x86_64');
    const tails = ioctls.flatMap(({ commands = [] }) =>
      commands.flatMap(({ name, tail }) => (tail ? [[name, tail]] : [])),
    );
    expect(Object.fromEntries(tails)).toEqual({
      KVM_TDX_CAPABILITIES: { offset: 2056, elementSize: 40, countOffset: 2048, countSize: 4 },
      KVM_TDX_INIT_VM: { offset: 264, elementSize: 40, countOffset: 256, countSize: 4 },
      KVM_TDX_GET_CPUID: { offset: 8, elementSize: 40, countOffset: 0, countSize: 4 },
    });
  });

  it('a selection of the ioctl has the structs of its commands', () => {
    const [model] = select([modelOf('x86_64')], { constants: ['KVM_MEMORY_ENCRYPT_OP'] });
    const tags = model?.types.map(({ tag }) => tag) ?? [];
    expect(tags).toEqual(expect.arrayContaining(['kvm_sev_cmd', 'kvm_tdx_cmd', 'kvm_sev_dbg', 'kvm_cpuid_entry2']));
    expect(tags).not.toContain('kvm_regs');
  });
});
