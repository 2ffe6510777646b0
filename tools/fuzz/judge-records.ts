/** Compares random records with a compiler: the positions of their members, and their values in memory. */

import type { Member } from '../../generator/model/model.js';
import type { Target } from '../../generator/targets/target.js';
import type { Verdict } from '../lib/random-values.js';
import { judged } from '../lib/verified-layouts.js';
import { judgeImages } from './images.js';
import { type Declared, preamble, write } from './records.js';

export interface RecordVerdicts {
  readonly verdicts: readonly Verdict[];
  /** The number of values that were written to memory. */
  readonly values: number;
}

/** Returns one verdict for each record. A failure begins with the record's C text. */
export async function judgeRecords(records: readonly Declared[], target: Target): Promise<RecordVerdicts> {
  const written = records.map(write);
  const text = `${preamble}\n${written.map((record) => record.text).join('\n')}\n`;
  const { model, failures } = await judged({ 'types.h': text }, target);
  const { problems, values } = await judgeImages(text, model, target);
  const found = new Map(model.types.map((type) => [type.tag, type]));
  const verdicts = written.map(({ text, names }, index): Verdict => {
    const type = found.get(`t${index}`);
    const name = `${type?.kind} t${index}`;
    const members = allNames(type?.members ?? []);
    const missing = names.filter((member) => !members.includes(member));
    const list = [
      ...(failures.get(name) ?? []),
      ...missing.map((member) => `${member} is missing`),
      ...(problems.get(name) ?? []),
    ];
    return list.length === 0 ? null : [text, ...list].join('\n');
  });
  return { verdicts, values };
}

function allNames(members: readonly Member[]): string[] {
  return members.flatMap(({ name, members: inner = [] }) => [...(name === null ? [] : [name]), ...allNames(inner)]);
}
