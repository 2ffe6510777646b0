/** Asks the checker the questions of a table, several at once. */

import { availableParallelism } from 'node:os';
import type { Mechanism } from '../../runtime/x86_64.js';
import { type Check, mechanisms, mutants, reachedStates } from './checks.js';
import { edit, forbid, readModel } from './protocol-model.js';
import { ask, type Question, type Verdict } from './spin.js';

export interface Answer {
  readonly what: string;
  readonly mechanism: Mechanism;
  /** The properties that may be violated, or none. */
  readonly expected: readonly string[];
  readonly question: Question;
  readonly verdict: Verdict;
  readonly seconds: number;
}

/** A question and the answers that are right. */
export interface Case {
  readonly what: string;
  readonly expected: readonly string[];
  readonly question: Question;
}

/** Whether an answer is as expected. */
export function isExpected({ expected, verdict: { violated } }: Answer): boolean {
  return violated === undefined ? expected.length === 0 : expected.includes(violated);
}

/** The protocol violates no property within the bounds of the checks. */
export function casesOfChecks(checks: readonly Check[], isLong: boolean): Case[] {
  const model = readModel();
  return checks.flatMap(({ what, bounds, search }) =>
    mechanisms.map((mechanism) => ({
      what,
      expected: [],
      question: { model, mechanism, bounds, search, isLong },
    })),
  );
}

/** Each mutant violates a property. With `most`, at most this many mechanisms of each mutant are checked. */
export function casesOfMutants(most: number = mechanisms.length): Case[] {
  const model = readModel();
  return mutants.flatMap(({ name, edits, violates, bounds = {}, search = 'states', mechanisms: those = mechanisms }) =>
    those.slice(0, most).map((mechanism) => ({
      what: name,
      expected: violates,
      question: { model: edit(model, edits), mechanism, bounds, search },
    })),
  );
}

/** Each state is reached, so the properties do not hold only because nothing happens. */
export function casesOfReachedStates(most: number = mechanisms.length): Case[] {
  const model = readModel();
  return Object.entries(reachedStates).flatMap(([state, { bounds, mechanisms: those = mechanisms }]) =>
    those.slice(0, most).map((mechanism) => ({
      what: `the state ${state}`,
      expected: [state],
      question: { model: forbid(model, state), mechanism, bounds, search: 'states' as const },
    })),
  );
}

/** Asks all questions, as many at once as there are processors. Calls `seen` after each answer. */
export async function answersTo(cases: readonly Case[], seen: (answer: Answer) => void = () => {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  const left = [...cases];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const started = Date.now();
      const verdict = await ask(next.question);
      const { what, expected, question } = next;
      const seconds = (Date.now() - started) / 1000;
      const answer = { what, expected, mechanism: question.mechanism, question, verdict, seconds };
      answers.push(answer);
      seen(answer);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return answers;
}
