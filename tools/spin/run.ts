/**
 * `npm run spin`: the model checker Spin tries all interleavings of the kick protocol within bounds, and it must refute every
 * mutant. Exit codes: 0 if all answers are as expected, 1 if not, 2 if `spin` or `gcc` is missing.
 */

import { commandOptions } from '../lib/command-options.js';
import { type Answer, answersTo, casesOfChecks, casesOfMutants, casesOfReachedStates, isExpected } from './answers.js';
import { longChecks } from './checks.js';
import { missingProgram } from './spin.js';

function report(answer: Answer): void {
  const { what, mechanism, verdict, seconds } = answer;
  const result = verdict.violated ?? 'holds';
  const mark = isExpected(answer) ? '' : `  WRONG: expected ${answer.expected.join(' or ') || 'holds'}`;
  const columns = [what.padEnd(52), mechanism.padEnd(14), result.padEnd(20), `${verdict.states} states`.padStart(16)];
  console.log(`${columns.join(' ')} ${seconds.toFixed(0).padStart(4)} s${mark}`);
  if (mark !== '' && verdict.trail !== undefined) console.log(verdict.trail);
}

async function main(): Promise<number> {
  commandOptions('Usage: npm run spin', { options: {} });
  const missing = missingProgram();
  if (missing !== undefined) {
    console.error(`error: ${missing}; install the Debian packages spin and gcc`);
    return 2;
  }
  const cases = [...casesOfChecks(longChecks, true), ...casesOfMutants(), ...casesOfReachedStates()];
  const answers = await answersTo(cases, report);
  const wrong = answers.filter((answer) => !isExpected(answer)).length;
  console.log(`spin: ${answers.length} questions, ${wrong} wrong answers`);
  return wrong === 0 ? 0 : 1;
}

process.exitCode = await main();
