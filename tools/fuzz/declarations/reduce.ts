/** Makes a failing group of declarations smaller, as long as it has the same kind of fault. */

import type { Target } from '../../../generator/targets/target.js';
import { type Fault, judgeUnits } from './judge.js';
import type { Unit } from './units.js';

/** The most attempts for one group. Each attempt calls the compiler several times. */
const mostAttempts = 80;

export async function reduced(unit: Unit, fault: Fault, target: Target): Promise<{ unit: Unit; fault: Fault }> {
  let best = { unit, fault };
  let attempts = 0;
  const attempt = async (lines: readonly string[]): Promise<boolean> => {
    if (attempts++ >= mostAttempts) return false;
    const smaller = { ...unit, lines };
    const found = (await judgeUnits([smaller], target)).faults.get(unit.index);
    if (!found || signatureOf(found) !== signatureOf(fault)) return false;
    best = { unit: smaller, fault: found };
    return true;
  };
  for (let at = best.unit.lines.length - 1; at >= 0; at--) {
    await attempt(best.unit.lines.filter((_, index) => index !== at));
  }
  for (const part of [
    / ?__attribute(?:__)?\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)/g,
    / ?\[\[.*?\]\]/g,
    / ?\b(?:const|volatile|restrict)\b/g,
  ]) {
    for (let skip = 0; ; ) {
      const text = best.unit.lines.join('\n');
      const match = [...text.matchAll(part)][skip];
      if (!match) break;
      const without = text.slice(0, match.index) + text.slice(match.index + match[0].length);
      if (!(await attempt(without.split('\n')))) skip++;
    }
  }
  for (let skip = 0; ; ) {
    const text = best.unit.lines.join('\n');
    const match = [...text.matchAll(/(?<!\w)\([^()]*\)(?=[^()]*\))/g)][skip];
    if (!match || match[0] === '(1)') break;
    const simpler = `${text.slice(0, match.index)}1${text.slice(match.index + match[0].length)}`;
    if (!(await attempt(simpler.split('\n')))) skip++;
  }
  return best;
}

/** The fault without its names and numbers. */
export function signatureOf({ kind, text }: Fault): string {
  const [first = ''] = text.split('\n');
  return `${kind}: ${first
    .replace(/\b([A-Za-z]+)_\d+(?:_\d+)*/g, '$1')
    .replace(/'[^']*'|"[^"]*"/g, 'TEXT')
    .replace(/-?\d+/g, 'N')}`;
}
