/** The oracle can fail: it reports exactly the one fact that was changed in the emitted text or lost from a list. */

import { beforeAll, expect, it } from 'vitest';
import { filesFor } from '../../../generator/cli/generate.js';
import type { Model } from '../../../generator/model/model.js';
import { assignmentDifferences, differences, type Facts, factsOf } from '../../../tools/lib/emitted-facts.js';
import { generateBindings } from '../../../tools/lib/generated-bindings.js';
import { importBindings } from '../../../tools/lib/imported-bindings.js';
import { cc, kvm } from '../../../tools/lib/oracle-compiler.js';
import { leavesOf, MemoryOracle } from '../../../tools/lib/round-trip.js';
import { listingDifferences } from '../../../tools/oracle/listing.js';
import { preprocessed, valueKinds } from '../../../tools/oracle/macros.js';
import { compiledTypes, modelledTypes } from '../../../tools/oracle/types.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

/** The change of the text after `after`, and the items that must be reported. */
interface Alteration {
  readonly title: string;
  readonly module: 'linux/kvm' | 'asm/kvm';
  readonly after: string;
  readonly from: string;
  readonly to: string;
  readonly items: readonly string[];
}

const destinationModes = ['0', '23'].map((index) => `struct kvm_ioapic_state.redirtbl[${index}].fields.dest_mode`);

const alterations: readonly Alteration[] = [
  {
    title: 'the offset that an accessor reads at',
    module: 'linux/kvm',
    after: 'get immediate_exit()',
    from: 'this.$$offset + 1',
    to: 'this.$$offset + 2',
    items: ['struct kvm_run.immediate_exit'],
  },
  {
    title: 'the offset that an accessor writes at',
    module: 'linux/kvm',
    after: 'set immediate_exit(',
    from: 'this.$$offset + 1',
    to: 'this.$$offset + 2',
    items: ['struct kvm_run.immediate_exit'],
  },
  {
    title: 'the width that an accessor writes',
    module: 'linux/kvm',
    after: 'set if_flag(',
    from: 'setUint8(this.$$offset + 13, value)',
    to: 'setUint16(this.$$offset + 13, value & 0xff, true)',
    items: ['struct kvm_run.if_flag'],
  },
  {
    title: 'the half that the number form of a 64-bit integer reads',
    module: 'linux/kvm',
    after: 'get $cr8()',
    from: 'this.$$offset + 20',
    to: 'this.$$offset + 24',
    items: ['struct kvm_run.cr8'],
  },
  {
    title: 'the sign of a member',
    module: 'asm/kvm',
    after: 'get count_load_time()',
    from: 'getBigInt64',
    to: 'getBigUint64',
    items: ['struct kvm_pit_channel_state.count_load_time'],
  },
  {
    title: 'the shift of a bit-field',
    module: 'asm/kvm',
    after: 'get dest_mode()',
    from: '>>> 3',
    to: '>>> 4',
    items: destinationModes,
  },
  {
    title: 'the bits around a bit-field',
    module: 'asm/kvm',
    after: 'set dest_mode(',
    from: '0xf7',
    to: '0xff',
    items: destinationModes,
  },
  {
    title: 'the length of an array',
    module: 'linux/kvm',
    after: 'get padding1()',
    from: ', 6)',
    to: ', 5)',
    items: ['struct kvm_run.padding1', 'struct kvm_run.padding1[5]'],
  },
  {
    title: 'the offset in a layout',
    module: 'linux/kvm',
    after: "name: 'struct kvm_run'",
    from: 'immediate_exit: { offset: 1,',
    to: 'immediate_exit: { offset: 2,',
    items: ['struct kvm_run.immediate_exit'],
  },
  {
    title: 'the first bit in a layout',
    module: 'asm/kvm',
    after: 'dest_mode: {',
    from: 'bit: [3, 1]',
    to: 'bit: [4, 1]',
    items: ['struct kvm_ioapic_state.redirtbl.fields.dest_mode'],
  },
  {
    title: 'the size of a class',
    module: 'linux/kvm',
    after: 'export class KvmRun ',
    from: '$size = ',
    to: '$size = 1',
    items: ['struct kvm_run'],
  },
  {
    title: 'the value of a constant',
    module: 'linux/kvm',
    after: 'export const KVM_EXIT_IO ',
    from: '= 2;',
    to: '= 3;',
    items: ['KVM_EXIT_IO'],
  },
  {
    title: 'the kind of a constant',
    module: 'linux/kvm',
    after: 'export const KVM_EXIT_IO ',
    from: '= 2;',
    to: '= 2n;',
    items: ['KVM_EXIT_IO'],
  },
  {
    title: 'an enumerator in the object of its enum',
    module: 'linux/kvm',
    after: 'export const PvCmdInfoId ',
    from: 'KVM_PV_INFO_DUMP: 1',
    to: 'KVM_PV_INFO_DUMP: 2',
    items: ['enum pv_cmd_info_id'],
  },
  {
    title: 'the request of an ioctl',
    module: 'linux/kvm',
    after: 'export const KVM_RUN:',
    from: 'request: 0xae80',
    to: 'request: 0xae81',
    items: ['KVM_RUN'],
  },
  {
    title: 'the direction of an ioctl',
    module: 'linux/kvm',
    after: 'export const KVM_GET_ONE_REG:',
    from: "direction: 'write'",
    to: "direction: 'read'",
    items: ['KVM_GET_ONE_REG'],
  },
  {
    title: 'the class that an ioctl points to, for one with the same members',
    module: 'linux/kvm',
    after: 'export const KVM_GET_ONE_REG:',
    from: 'argument: KvmOneReg',
    to: 'argument: KvmArmDeviceAddr',
    items: ['KVM_GET_ONE_REG'],
  },
  {
    title: 'a missing export',
    module: 'linux/kvm',
    after: '*/\nexport const KVM_TRC_SHIFT',
    from: ' = 16;',
    to: '_ = 16;',
    items: ['KVM_TRC_SHIFT', 'KVM_TRC_SHIFT_'],
  },
];

describeWithCompiler('the oracle', [], () => {
  let model: Model;
  let facts: Facts;
  let memory: MemoryOracle;

  beforeAll(async () => {
    model = partOf((await generateBindings(kvm)).model);
    facts = await factsOf(model, kvm);
    memory = new MemoryOracle(temporaryFolder(), leavesOf(model).leaves, kvm);
  });

  async function reported(alter: (path: string, text: string) => string): Promise<string[]> {
    const files = filesFor([model]).map(({ path, text }) => ({ path, text: alter(path, text) }));
    const bindings = await importBindings({ model, files });
    const found = [
      ...differences(bindings, facts),
      ...assignmentDifferences(bindings, facts),
      ...memory.readDifferences(bindings),
      ...memory.writeDifferences(bindings).differences,
    ];
    return [...new Set(found.map(({ item }) => item))];
  }

  it('the oracle reports nothing if nothing is changed', async () => {
    expect(await reported((_, text) => text)).toEqual([]);
  });

  for (const { title, module, after, from, to, items } of alterations) {
    it(`the oracle reports ${title}, and nothing else`, async () => {
      const path = `x86_64/${module}.ts`;
      const found = await reported((file, text) => (file === path ? alter(text, after, from, to) : text));
      expect(found.sort()).toEqual([...items].sort());
    });
  }
});

describeWithCompiler('the lists of the oracle', ['readelf'], () => {
  it('the lists report a missing type and an additional type', async () => {
    const { model } = await generateBindings(kvm);
    const { items } = await compiledTypes(cc, model);
    const without = { ...model, types: model.types.filter(({ tag }) => tag !== 'kvm_dtable') };
    const lost = ['base', 'limit', 'padding'].map((name) => `struct kvm_dtable.${name}`);
    const found = (altered: Model): string[] =>
      listingDifferences(items, modelledTypes(altered)).map(({ item }) => item);
    expect(found(without)).toEqual(['struct kvm_dtable', ...lost]);
    const type = model.types.find(({ tag }) => tag === 'kvm_dtable') as Model['types'][number];
    const more = { ...model, types: [...model.types, { ...type, cName: 'struct kvm_invented', members: [] }] };
    expect(found(more)).toEqual(['struct kvm_invented']);
  });

  it('the lists distinguish integers from other macros, and defined macros from undefined ones', async () => {
    const kinds = {
      KVM_RUN: 'an integer',
      KVM_ARM_VCPU_INIT: 'no value',
      __KVM_HAVE_PIT: 'no value',
      KVM_COALESCED_MMIO_MAX: 'no value',
      KVM_EXIT_IO: 'an integer',
      'struct kvm_run': 'no value',
    };
    const subject = { header: kvm.header, coveredHeaders: ['linux/posix_types.h', 'linux/kvm.h'] };
    expect(Object.fromEntries(await valueKinds(cc, subject, Object.keys(kinds)))).toEqual(kinds);
    const { macros } = await preprocessed(cc, subject);
    expect(macros.has('__FD_SETSIZE')).toBe(true);
    expect(macros.get('__FD_SETSIZE')?.body).toBe('1024');
  });
});

/** Replaces the first `from` after the only `after`. */
function alter(text: string, after: string, from: string, to: string): string {
  const [before, rest, ...more] = text.split(after);
  if (before === undefined || rest === undefined || more.length > 0)
    throw new Error(`'${after}' does not occur exactly once`);
  const at = rest.indexOf(from);
  if (at === -1) throw new Error(`'${from}' is not after '${after}'`);
  return before + after + rest.slice(0, at) + to + rest.slice(at + from.length);
}

const types = ['kvm_run', 'kvm_ioapic_state', 'kvm_pit_channel_state', 'kvm_one_reg', 'kvm_arm_device_addr'];
const constants = ['KVM_EXIT_IO', 'KVM_EXIT_MMIO', 'KVM_RUN', 'KVM_GET_ONE_REG', 'KVM_TRC_SHIFT'];

/**
 * Returns a small part of a model, which is compared quickly. Of `struct kvm_run`, it has the members that are not
 * records.
 */
function partOf(model: Model): Model {
  return {
    ...model,
    types: model.types
      .filter(({ tag }) => types.includes(tag))
      .map((type) =>
        type.tag === 'kvm_run' ? { ...type, members: type.members.filter(({ members }) => !members) } : type,
      ),
    enums: model.enums.filter(({ tag }) => tag === 'pv_cmd_info_id'),
    constants: model.constants.filter(({ name }) => constants.includes(name)),
    ioctls: model.ioctls.filter(({ name }) => constants.includes(name)),
  };
}
