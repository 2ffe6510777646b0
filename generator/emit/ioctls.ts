/** Emits ioctls as typed values: the request number and the argument. */

import type { DeviceAttribute, Direction, FdKind, Ioctl, Member } from '../model/model.js';
import { bytes, docstring, quoted, sinceSentence, withComment } from './docs.js';
import { memberProperty } from './export-names.js';
import { commandsLiteral, commandsType } from './ioctl-commands.js';
import type { References } from './module-context.js';
import { accessOf } from './scalar-access.js';

export function emitIoctl(ioctl: Ioctl, exportName: string, references: References): string {
  const { type, argument } = argumentOf(ioctl, references);
  const transfer = ioctl.passes === 'pointer' ? `  transfer: '${transferOf(ioctl)}',\n` : '';
  const pointers = carriesPointers(ioctl, references)
    ? `  pointers: ${ioctl.override?.followsPointers === true ? "'hidden'" : 'true'},\n`
    : '';
  const selected = ioctl.pointersIf === undefined ? '' : `  pointersIf: ${selectionOf(ioctl.pointersIf)},\n`;
  const attributes = ioctl.attributes === undefined ? '' : `  attributes: [\n${attributeLines(ioctl.attributes)}  ],\n`;
  const capability = ioctl.capability === undefined ? '' : `  capability: ${capabilityLiteral(ioctl.capability)},\n`;
  const sized = ioctl.sizedBy === undefined ? '' : `  sizedBy: ${quoted(ioctl.sizedBy)},\n`;
  const tail = ioctl.tail === undefined ? '' : '  tail: false,\n';
  const bytes = argument === 'null' && ioctl.argumentSize !== undefined ? `  bytes: ${ioctl.argumentSize},\n` : '';
  const commands = ioctl.commands === undefined ? '' : commandsLiteral(ioctl.commands, references);
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
${transfer}${argument === null ? '' : `  argument: ${argument},\n`}${bytes}${sized}${tail}${pointers}${selected}${attributes}${commands}${fds}${capability}};
`;
}

/** Returns the TypeScript type of an ioctl, and the expression for its argument. */
export function argumentOf(ioctl: Ioctl, references: References): { type: string; argument: string | null } {
  const fds = ioctl.fds?.map((fd) => `'${fd}'`).join(' | ') ?? 'never';
  const name = quoted(ioctl.name);
  if (ioctl.passes === 'nothing') return { type: `${references.view('IoctlAlone')}<${fds}, ${name}>`, argument: null };
  if (ioctl.passes === 'value') {
    const type = `${references.view('IoctlByValue')}<${fds}, ${name}>`;
    return { type, argument: quoted(ioctl.argument ?? 'unsigned long') };
  }
  const way = `'${transferOf(ioctl)}'`;
  const view = viewOf(ioctl, references);
  if (view === null) return { type: `${references.view('IoctlToBytes')}<${fds}, ${way}, ${name}>`, argument: 'null' };
  if (ioctl.commands !== undefined) {
    const commands = commandsType(ioctl.commands, references);
    const of = `\n  ${view},\n  ${fds},\n  ${way},\n  ${name},\n${commands}\n`;
    return { type: `${references.view('IoctlOfCommands')}<${of}>`, argument: view };
  }
  return { type: `${references.view('IoctlByPointer')}<${view}, ${fds}, ${way}, ${name}>`, argument: view };
}

function transferOf({ direction, override }: Ioctl): Direction {
  return override?.direction ?? direction;
}

function carriesPointers({ passes, shape, override }: Ioctl, references: References): boolean {
  if (passes !== 'pointer') return false;
  return override?.followsPointers ?? (shape !== null && references.hasPointers(shape));
}

function selectionOf({ member, values }: NonNullable<Ioctl['pointersIf']>): string {
  const constants = Object.entries(values).map(([name, value]) => `${name}: ${value}`);
  return `{ member: ${quoted(memberProperty(member))}, values: { ${constants.join(', ')} } }`;
}

function attributeLines(attributes: readonly DeviceAttribute[]): string {
  const lines = attributes.map(({ name, fd, device, group, attr, type, size }) => {
    const members = [
      `name: ${quoted(name)}`,
      `fd: '${fd}'`,
      ...(device === undefined ? [] : [`device: ${device}`]),
      `group: ${group}`,
      ...(attr === undefined ? [] : [`attr: ${attr}`]),
      `size: ${size === 'attr' ? "'attr'" : size}`,
    ];
    return `    { ${members.join(', ')} }, // ${type}\n`;
  });
  return lines.join('');
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

/** The kinds of file descriptor in words. */
const fdNames: Readonly<Record<FdKind, string>> = {
  system: '`/dev/kvm`',
  vm: 'a VM',
  vcpu: 'a vCPU',
  device: 'a device',
};

function fdText(fd: string): string {
  return Object.hasOwn(fdNames, fd) ? fdNames[fd as FdKind] : `a file descriptor of the kind \`${fd}\``;
}

function capabilityLiteral(capability: NonNullable<Ioctl['capability']>): string {
  if (typeof capability === 'string') return `'${capability}'`;
  return `{ ${Object.entries(capability)
    .map(([fd, name]) => `${fd}: '${name}'`)
    .join(', ')} }`;
}

function capabilityText(capability: NonNullable<Ioctl['capability']>): string {
  if (typeof capability === 'string') return `\`${capability}\``;
  const each = Object.entries(capability).map(([fd, name]) => `\`${name}\` for ${fdNames[fd as FdKind]}`);
  return each.join(' and ');
}

function documentation(ioctl: Ioctl): string {
  const { argument, direction, size } = ioctl;
  const on = ioctl.fds ? ` Applies to ${ioctl.fds.map(fdText).join(' or ')}.` : '';
  const real = ioctl.override?.direction;
  const way = real === undefined || real === direction ? direction : `${real}; in the request number: ${direction}`;
  const takes =
    ioctl.passes === 'nothing'
      ? 'no argument'
      : ioctl.passes === 'value'
        ? `an \`${argument}\` by value`
        : `a pointer to \`${argument ?? bytes(size)}\` (direction: ${way})`;
  const announced = ioctl.capability === undefined ? '' : ` Announced by ${capabilityText(ioctl.capability)}.`;
  const source = ioctl.override ? `\n\nSource: ${ioctl.override.source}.` : '';
  return `Takes ${takes}.${on}${announced}${sinceSentence(ioctl.since)}${source}`;
}
