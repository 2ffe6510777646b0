/** Ioctls as typed values: the request number, and what it takes. */

import type { Direction, FdKind, Ioctl, Member } from '../model/model.js';
import { bytes, docstring, withComment } from './docs.js';
import type { References } from './module-context.js';
import { accessOf } from './scalar-access.js';

export function emitIoctl(ioctl: Ioctl, exportName: string, references: References): string {
  const { type, argument } = argumentOf(ioctl, references);
  const transfer = ioctl.passes === 'pointer' ? `  transfer: '${transferOf(ioctl)}',\n` : '';
  const pointers = carriesPointers(ioctl, references) ? '  pointers: true,\n' : '';
  const capability = ioctl.capability === undefined ? '' : `  capability: ${capabilityLiteral(ioctl.capability)},\n`;
  const fds = ioctl.fds ? `  fds: { ${ioctl.fds.map((fd) => `${fd}: true`).join(', ')} },\n` : '';
  return `
${docstring(withComment(documentation(ioctl), ioctl.comment))}
export const ${exportName}: ${type} = {
  name: '${ioctl.name}',
  request: 0x${ioctl.request.toString(16)},
  direction: '${ioctl.direction}',
  type: 0x${ioctl.type.toString(16)},
  nr: 0x${ioctl.nr.toString(16)},
  size: ${ioctl.size},
  passes: '${ioctl.passes}',
${transfer}${argument === null ? '' : `  argument: ${argument},\n`}${pointers}${fds}${capability}};
`;
}

/** What an ioctl takes: the TypeScript type of its value, and what that says of the argument. */
export function argumentOf(ioctl: Ioctl, references: References): { type: string; argument: string | null } {
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
  if ('cName' in shape) {
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

function capabilityLiteral(capability: NonNullable<Ioctl['capability']>): string {
  if (typeof capability === 'string') return `'${capability}'`;
  return `{ ${Object.entries(capability)
    .map(([fd, name]) => `${fd}: '${name}'`)
    .join(', ')} }`;
}

function capabilityText(capability: NonNullable<Ioctl['capability']>): string {
  if (typeof capability === 'string') return `\`${capability}\``;
  const each = Object.entries(capability).map(([fd, name]) => `\`${name}\` on ${fdNames[fd as FdKind]}`);
  return each.join(' and ');
}

function documentation(ioctl: Ioctl): string {
  const { argument, direction, size } = ioctl;
  const on = ioctl.fds ? ` On ${ioctl.fds.map((fd) => fdNames[fd]).join(' or ')}.` : '';
  const takes =
    ioctl.passes === 'nothing'
      ? 'no argument'
      : ioctl.passes === 'value'
        ? `an \`${argument}\` by value`
        : `a pointer to \`${argument ?? bytes(size)}\`, ${direction}`;
  const announced = ioctl.capability === undefined ? '' : ` Announced by ${capabilityText(ioctl.capability)}.`;
  if (!ioctl.override) return `Takes ${takes}.${on}${announced}`;
  const real = ioctl.override.direction ? `, in fact ${ioctl.override.direction}` : '';
  return `Takes ${takes}${real}.${on}${announced}\n\nSource: ${ioctl.override.source}.`;
}
