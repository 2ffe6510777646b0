/** Emits the commands of an ioctl: their types, and their structs and addresses as data. */

import type { IoctlCommand, Member } from '../model/model.js';
import { quoted } from './docs.js';
import { memberProperty } from './export-names.js';
import type { References } from './module-context.js';

/** Returns the type of the commands: an object with one member for each. */
export function commandsType(commands: readonly IoctlCommand[], references: References): string {
  const type = references.view('IoctlCommand');
  const lines = commands.map((command) => {
    const addresses = command.addresses.map(
      (address) => `${memberProperty(address.member)}: ${addressLiteral(address)}`,
    );
    const argument = command.passes === 'value' ? 'bigint' : (argumentOf(command, references) ?? 'null');
    const of = [quoted(command.fd), classOf(command.carrier, references), argument];
    const last = addresses.length === 0 ? 'Record<never, never>' : `{ ${addresses.join('; ')} }`;
    return `    readonly ${command.name}: ${type}<${[...of, last].join(', ')}>;`;
  });
  return `  {\n${lines.join('\n')}\n  }`;
}

/** Returns the property `commands` of the ioctl. */
export function commandsLiteral(commands: readonly IoctlCommand[], references: References): string {
  return `  commands: {\n${commands.map((command) => commandLiteral(command, references)).join('')}  },\n`;
}

function commandLiteral(command: IoctlCommand, references: References): string {
  const { name, id, fd, carrier, error, passes, direction, tail } = command;
  const argument = argumentOf(command, references) ?? 'null';
  const numbers = tail && [tail.offset, tail.elementSize, tail.countOffset, tail.countSize];
  const counted = numbers === undefined ? '' : `      tail: [${numbers.join(', ')}],\n`;
  const addresses = command.addresses.map(
    (address) => `        ${memberProperty(address.member)}: ${addressLiteral(address)},\n`,
  );
  const listed = addresses.length === 0 ? '{}' : `{\n${addresses.join('')}      }`;
  return `    ${name}: {
      id: ${id},
      fd: '${fd}',
      carrier: ${classOf(carrier, references)},
      error: ${quoted(memberProperty(error))},
      passes: '${passes}',
      argument: ${argument},
      transfer: '${direction}',
${counted}      addresses: ${listed},
    },
`;
}

function addressLiteral({ direction, isGuestMemory }: IoctlCommand['addresses'][number]): string {
  return isGuestMemory ? `{ transfer: '${direction}', guest: true }` : `{ transfer: '${direction}' }`;
}

function argumentOf({ argument }: IoctlCommand, references: References): string | null {
  return argument === null ? null : classOf(argument, references);
}

function classOf(cName: string, references: References): string {
  const member: Member = { name: null, type: cName, offset: 0, size: 0, shape: { is: 'struct', cName } };
  return references.classOf(member);
}
