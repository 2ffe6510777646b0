/** The kernel facts about addresses, compared with the structs of the ioctls of `linux/kvm.h` on every architecture. */

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addressRows, selectedAddressRows } from '../../../generator/kernel/addresses.js';
import { notAddressRows } from '../../../generator/kernel/not-addresses.js';
import type { Ioctl, Member, Model, RecordType } from '../../../generator/model/model.js';
import type { IoctlRequest } from '../../../support/ioctl.js';
import { committedModel } from '../../helpers/committed-models.js';

const architectures = readdirSync(new URL('../../../generated', import.meta.url));

/** Names that can mean an address, whatever the width of the member is. */
const addressName = /addr|ptr|pointer|base|buf|data|hva|user|gpa|bitmap|array|values|table/;
/** Names of members without a meaning. */
const unusedName = /^(?:pad|padding|reserved)\d*$/;

interface Found {
  readonly record: string;
  readonly member: string;
  /** Whether the member needs a row of its own. */
  readonly isNamed: boolean;
  readonly ioctls: string[];
}

/** Calls `visit` for each scalar of a record and of the records in it, with the record that has a name and the path in it. */
function walk(model: Model, record: RecordType, visit: (record: string, path: string, member: Member) => void): void {
  const types = new Map(model.types.map((type) => [type.cName, type]));
  const seen = new Set<string>();
  const visitRecord = (type: RecordType | undefined): void => {
    if (!type || seen.has(type.cName)) return;
    seen.add(type.cName);
    const visitMembers = (members: readonly Member[], path: string): void => {
      for (const member of members) {
        const { name, shape } = member;
        const own = name === null ? path : `${path}${name}.`;
        if (member.members) visitMembers(member.members, own);
        else if ('cName' in shape) visitRecord(types.get(shape.cName ?? ''));
        else {
          visit(type.tag, own.slice(0, -1), member);
          // What a pointer leads to is read by the kernel too.
          visitRecord(types.get(/^(?:const )?(struct \w+) \*$/.exec(member.type)?.[1] ?? ''));
        }
      }
    };
    visitMembers(type.members, '');
  };
  visitRecord(record);
}

const recordOf = (model: Model, { passes, shape }: Ioctl): RecordType | undefined =>
  passes === 'pointer' && shape !== null && 'cName' in shape
    ? model.types.find(({ cName }) => cName === shape.cName)
    : undefined;

/** The structs of the commands of an ioctl. */
const commandRecords = (model: Model, { commands = [] }: Ioctl): RecordType[] =>
  commands
    .flatMap(({ carrier, argument }) => [carrier, argument])
    .flatMap((name) => model.types.filter(({ cName }) => cName === name));

/** The members that could be addresses, in the order of the headers. */
function candidates(model: Model): Found[] {
  const found = new Map<string, Found>();
  for (const ioctl of model.ioctls) {
    const record = recordOf(model, ioctl);
    for (const each of [...(record ? [record] : []), ...commandRecords(model, ioctl)]) {
      walk(model, each, (tag, path, { name, shape }) => {
        if (unusedName.test(name ?? '')) return;
        const isNamed = shape.is === 'pointer' || (/^[us]\d/.test(shape.is) && addressName.test(name ?? ''));
        if (!isNamed && !/^[us]64$/.test(shape.is)) return;
        const key = `${tag}.${path}`;
        const known = found.get(key) ?? { record: tag, member: path, isNamed, ioctls: [] };
        known.ioctls.push(ioctl.name);
        found.set(key, known);
      });
    }
  }
  return [...found.values()];
}

const kvmRows = addressRows.filter(({ headers }) => headers.includes('linux/kvm.h'));
const key = ({ record, member }: { readonly record: string; readonly member: string }): string => `${record}.${member}`;
const addresses = new Set(kvmRows.map(key));
const selected = new Set(selectedAddressRows.map(key));
const others = new Set(
  notAddressRows.flatMap(({ record, members }) => members.map((member) => key({ record, member }))),
);

const models = architectures.map(committedModel);

describe('the rows about addresses', () => {
  it('there are ten architectures', () => expect(architectures).toHaveLength(10));

  it.each(models.map((model) => [model.target, model] as const))(
    'every member that could be an address has a row: %s',
    (_, model) => {
      const missing = candidates(model).filter((found) => {
        const { record, isNamed } = found;
        const name = key(found);
        return !(
          addresses.has(name) ||
          selected.has(name) ||
          others.has(name) ||
          (!isNamed && others.has(`${record}.*`))
        );
      });
      expect(missing).toEqual([]);
    },
  );

  it('every row is about a member of the struct of an ioctl', () => {
    const all = models.flatMap(candidates);
    const known = new Set(all.map(key));
    const wild = new Set(
      all.filter(({ isNamed, ...found }) => !isNamed && !others.has(key(found))).map(({ record }) => record),
    );
    const rows = [...addresses, ...selected, ...others];
    expect(rows.filter((row) => !(row.endsWith('.*') ? wild.has(row.slice(0, -2)) : known.has(row)))).toEqual([]);
  });

  it('no member has two rows, and every row names a source file or a document of the kernel', () => {
    const names = [
      ...kvmRows.map(key),
      ...selected,
      ...notAddressRows.flatMap(({ record, members }) => members.map((member) => key({ record, member }))),
    ];
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { source } of [...addressRows, ...selectedAddressRows, ...notAddressRows]) {
      expect(source).toMatch(/\.(?:c|rst)\b/);
    }
  });
});

describe('the ioctls with addresses', () => {
  it.each(models.map((model) => [model.target, model] as const))(
    'the bindings say of every ioctl whether the kernel follows addresses in its argument: %s',
    async (target, model) => {
      const bindings = (await import(`../../../generated/${target}/linux/kvm.ts`)) as Record<string, IoctlRequest>;
      for (const ioctl of model.ioctls) {
        const record = recordOf(model, ioctl);
        let has = false;
        let selects: string | undefined;
        if (record) {
          walk(model, record, (tag, path) => {
            has ||= addresses.has(`${tag}.${path}`);
            selects ??= selectedAddressRows.find((row) => key(row) === `${tag}.${path}`)?.selectedBy;
          });
        }
        const stated = ioctl.override?.followsPointers;
        const emitted = bindings[ioctl.name];
        expect([ioctl.name, emitted?.pointers]).toEqual([
          ioctl.name,
          stated === true ? 'hidden' : has && stated === undefined ? true : undefined,
        ]);
        expect([ioctl.name, emitted?.pointersIf?.member]).toEqual([ioctl.name, selects]);
      }
    },
  );

  it('the capabilities whose arguments are addresses have the numbers of the header', () => {
    for (const model of models) {
      const { pointersIf } = model.ioctls.find(({ name }) => name === 'KVM_ENABLE_CAP') ?? {};
      const numbers = ['KVM_CAP_SW_TLB', 'KVM_CAP_HYPERV_ENLIGHTENED_VMCS'].map((name) => [
        name,
        model.constants.find((constant) => constant.name === name)?.value,
      ]);
      expect(pointersIf).toEqual({ member: 'cap', values: Object.fromEntries(numbers) });
    }
  });

  const pointing = (target: string): string[] => {
    const model = models.find((each) => each.target === target);
    return (model?.ioctls ?? []).flatMap((ioctl) => {
      const record = model && recordOf(model, ioctl);
      let has = ioctl.override?.followsPointers === true;
      if (model && record && ioctl.override?.followsPointers === undefined) {
        walk(model, record, (_tag, _path, member) => {
          has ||= member.address !== undefined || member.shape.is === 'pointer';
        });
      }
      return has ? [ioctl.name] : [];
    });
  };

  it('the ioctls with addresses that wrote to memory of the process are among them', () => {
    expect(pointing('arm64')).toEqual(
      expect.arrayContaining(['KVM_ARM_GET_REG_WRITABLE_MASKS', 'KVM_ARM_MTE_COPY_TAGS', 'KVM_GET_DEVICE_ATTR']),
    );
    expect(pointing('s390x')).toEqual(
      expect.arrayContaining([
        'KVM_S390_MEM_OP',
        'KVM_S390_GET_SKEYS',
        'KVM_S390_SET_SKEYS',
        'KVM_S390_GET_CMMA_BITS',
        'KVM_S390_SET_CMMA_BITS',
        'KVM_S390_GET_IRQ_STATE',
        'KVM_S390_SET_IRQ_STATE',
        'KVM_S390_PV_COMMAND',
        'KVM_S390_UCAS_MAP',
        'KVM_SET_GUEST_DEBUG',
      ]),
    );
    expect(pointing('ppc64')).toContain('KVM_DIRTY_TLB');
    expect(pointing('x86_64')).toEqual(
      expect.arrayContaining([
        'KVM_XEN_HVM_CONFIG',
        'KVM_XEN_HVM_SET_ATTR',
        'KVM_XEN_VCPU_SET_ATTR',
        'KVM_MEMORY_ENCRYPT_OP',
      ]),
    );
    expect(pointing('x86_64')).not.toContain('KVM_XEN_VCPU_GET_ATTR');
  });
});
