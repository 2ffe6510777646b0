/** Ioctls as typed values: the request number, and what it takes. */

import type { Ioctl, Member } from '../model.js';
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
  const transfer = ioctl.override?.direction;
  const facts = [
    `name: '${ioctl.name}'`,
    `request: ${hex}`,
    `direction: '${ioctl.direction}'`,
    ...(transfer ? [`transfer: '${transfer}'`] : []),
    `type: 0x${ioctl.type.toString(16)}`,
    `nr: 0x${ioctl.nr.toString(16)}`,
    `size: ${ioctl.size}`,
    `passes: '${ioctl.passes}'`,
    ...(argument === null ? [] : [`argument: ${argument}`]),
    ...(carriesPointers(ioctl, references) ? ['pointers: true'] : []),
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
  if (ioctl.passes === 'nothing') return { type: references.view('IoctlAlone'), argument: null };
  if (ioctl.passes === 'value') {
    return { type: references.view('IoctlByValue'), argument: `'${ioctl.argument ?? 'unsigned long'}'` };
  }
  const view = viewOf(ioctl, references);
  if (view === null) return { type: references.view('IoctlToBytes'), argument: 'null' };
  return { type: `${references.view('IoctlByPointer')}<${view}>`, argument: view };
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

function documentation(ioctl: Ioctl): string {
  const { argument, direction, size } = ioctl;
  const takes =
    ioctl.passes === 'nothing'
      ? 'no argument'
      : ioctl.passes === 'value'
        ? `an \`${argument}\` by value`
        : `a pointer to \`${argument ?? bytes(size)}\`, ${direction}`;
  if (!ioctl.override) return `Takes ${takes}. ${ioctl.at}`;
  const real = ioctl.override.direction ? `, in fact ${ioctl.override.direction}` : '';
  return `Takes ${takes}${real}. ${ioctl.at}\n\nSource: ${ioctl.override.source}.`;
}
