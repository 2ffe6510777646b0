/** Ioctls as typed values: the request number, and what it takes. */

import type { Direction, FdKind, Ioctl, Member } from '../model.js';
import { bytes, docLines, withComment } from './docs.js';
import type { References } from './members.js';
import { accessOf } from './scalars.js';

export interface IoctlText {
  /** The TypeScript type of the value. */
  readonly type: string;
  readonly lines: readonly string[];
}

export function emitIoctl(ioctl: Ioctl, exportName: string, references: References): IoctlText {
  const { type, argument } = argumentOf(ioctl, references);
  const hex = `0x${ioctl.request.toString(16)}`;
  const facts = [
    `name: '${ioctl.name}'`,
    `request: ${hex}`,
    `direction: '${ioctl.direction}'`,
    `type: 0x${ioctl.type.toString(16)}`,
    `nr: 0x${ioctl.nr.toString(16)}`,
    `size: ${ioctl.size}`,
    `passes: '${ioctl.passes}'`,
    ...(ioctl.passes === 'pointer' ? [`transfer: '${transferOf(ioctl)}'`] : []),
    ...(argument === null ? [] : [`argument: ${argument}`]),
    ...(carriesPointers(ioctl, references) ? ['pointers: true'] : []),
    ...(ioctl.fds ? [`fds: { ${ioctl.fds.map((fd) => `${fd}: true`).join(', ')} }`] : []),
  ];
  const lines = [
    '',
    ...docLines(withComment(documentation(ioctl), ioctl.comment)),
    `export const ${exportName}: ${type} = {`,
    ...facts.map((fact) => `  ${fact},`),
    '};',
  ];
  return { type, lines };
}

function argumentOf(ioctl: Ioctl, references: References): { type: string; argument: string | null } {
  const fds = ioctl.fds?.map((fd) => `'${fd}'`).join(' | ') ?? 'never';
  if (ioctl.passes === 'nothing') return { type: `${references.view('IoctlAlone')}<${fds}>`, argument: null };
  if (ioctl.passes === 'value') {
    return { type: `${references.view('IoctlByValue')}<${fds}>`, argument: `'${ioctl.argument ?? 'unsigned long'}'` };
  }
  const way = `'${transferOf(ioctl)}'`;
  const view = viewOf(ioctl, references);
  if (view === null) return { type: `${references.view('IoctlToBytes')}<${fds}, ${way}>`, argument: 'null' };
  return { type: `${references.view('IoctlByPointer')}<${view}, ${fds}, ${way}>`, argument: view };
}

function transferOf({ direction, override }: Ioctl): Direction {
  return override?.direction ?? direction;
}

function carriesPointers({ passes, shape, override }: Ioctl, references: References): boolean {
  return passes === 'pointer' && shape !== null && override?.followsPointers !== false && references.hasPointers(shape);
}

function viewOf({ argument, shape, size }: Ioctl, references: References): string | null {
  if (!shape || argument === null) return null;
  if ('tag' in shape) {
    const member: Member = { name: null, type: argument, offset: 0, size, shape };
    return references.classOf(member);
  }
  const value = accessOf(shape, size)?.value;
  return value ? references.view(value, shape.byteOrder) : null;
}

/** What an ioctl is made on, in words. */
const fdNames: Readonly<Record<FdKind, string>> = {
  system: '`/dev/kvm`',
  vm: 'a VM',
  vcpu: 'a vCPU',
  device: 'a device',
};

function documentation(ioctl: Ioctl): string {
  const { argument, direction, size } = ioctl;
  const on = ioctl.fds ? ` On ${ioctl.fds.map((fd) => fdNames[fd]).join(' or ')}.` : '';
  const takes =
    ioctl.passes === 'nothing'
      ? 'no argument'
      : ioctl.passes === 'value'
        ? `an \`${argument}\` by value`
        : `a pointer to \`${argument ?? bytes(size)}\`, ${direction}`;
  if (!ioctl.override) return `Takes ${takes}.${on} ${ioctl.at}`;
  const real = ioctl.override.direction ? `, in fact ${ioctl.override.direction}` : '';
  return `Takes ${takes}${real}.${on} ${ioctl.at}\n\nSource: ${ioctl.override.source}.`;
}
