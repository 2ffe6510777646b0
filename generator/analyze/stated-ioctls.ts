/** Statements of the project about ioctls, in the form of the kernel facts about ioctls. */

import type { IoctlOverride } from '../kernel/ioctl-arguments.js';
import type { IoctlStatement, Statements } from '../model/statements.js';

export type IoctlStatements = NonNullable<Statements['ioctls']>;

/** The source of a fact that the project states. */
const source = 'the configuration of the project';

/** Returns the facts about an ioctl that a statement has. */
export function statedOverride(
  header: string,
  name: string,
  { argument, passes, direction, sizedBy }: IoctlStatement,
): IoctlOverride {
  const how = passes ?? (argument === null ? 'nothing' : argument === undefined ? undefined : 'pointer');
  return {
    header,
    name,
    source,
    ...(how === undefined ? {} : { passes: how }),
    ...(argument == null ? {} : { argument }),
    ...(direction === undefined || how === 'value' ? {} : { direction }),
    ...(sizedBy === undefined ? {} : { sizedBy }),
  };
}

/** Returns the kinds of file descriptor that a statement names. */
export function statedFds({ fd }: IoctlStatement): readonly string[] {
  return fd === undefined ? [] : [fd].flat();
}
