/** The colours of changes in a terminal. */

import { type ChangeClass, changeClasses } from '../diff/changes.js';
import type { ChangePaint } from '../report/changes.js';
import { styled } from './terminal.js';

const classColours: Readonly<Record<ChangeClass, Parameters<typeof styled>[0]>> = {
  ...(Object.fromEntries(changeClasses.map((each) => [each, 'yellow'])) as Record<ChangeClass, 'yellow'>),
  addition: 'green',
  padding: 'cyan',
  none: 'dim',
};

export const colours: ChangePaint = {
  breaking: (text) => styled(['bold', 'red'], text),
  class: (kind, text) => styled(classColours[kind], text),
  quiet: (text) => styled('dim', text),
};
