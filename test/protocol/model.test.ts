/**
 * The model of the kick protocol in Promela, `model/kick.pml`. The model checker Spin tries all interleavings within bounds. The
 * bounds of these tests are small, and they refute one mutant of each kind with one mechanism. `npm run spin` has larger bounds,
 * and it refutes all mutants with both mechanisms.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  answersTo,
  type Case,
  casesOfChecks,
  casesOfMutants,
  casesOfReachedStates,
} from '../../tools/spin/answers.js';
import { mutants, reachedStates, shortChecks } from '../../tools/spin/checks.js';
import { assertionsOf, edit, reachedStatesOf, readModel, stepsOf } from '../../tools/spin/protocol-model.js';
import { missingProgram } from '../../tools/spin/spin.js';
import { projectRoot } from '../helpers/cli.js';

const missing = missingProgram();

/** The properties that the checker reports without an assertion in the model. */
const withoutAssertion = ['lost', 'progress'];

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** What the answers say, in a form that shows the name of the question if an answer is wrong. */
const saying = (answers: readonly Answer[]): string[] =>
  answers
    .map(({ what, mechanism, verdict: { violated = 'holds' } }) => `${what}, ${mechanism}: ${violated}`)
    .toSorted();

/** Returns the first of the mutants that violate the same properties. */
function oneOfEachKind(those: readonly Case[]): Case[] {
  const kinds = new Map<string, Case>();
  for (const each of those.toReversed()) kinds.set(each.expected.join(), each);
  return [...kinds.values()];
}

describe.skipIf(missing !== undefined)('the checker (needs the programs spin and gcc)', () => {
  const cases = {
    checks: casesOfChecks(shortChecks, false),
    mutants: oneOfEachKind(casesOfMutants(1)),
    states: casesOfReachedStates(1),
  };
  const answers = new Map<Case['question'], Answer>();
  const answersOf = (those: readonly Case[]): Answer[] => those.map(({ question }) => answers.get(question) as Answer);

  beforeAll(async () => {
    const all = Object.values(cases).flat();
    const given = await answersTo(all);
    for (const answer of given) answers.set(answer.question, answer);
  }, 1_200_000);

  it('finds no violation of a property in the protocol', () => {
    const given = answersOf(cases.checks);
    expect(saying(given)).toEqual(saying(given.map((answer) => ({ ...answer, verdict: { states: 0 } }))));
    expect(given.length).toBe(2 * shortChecks.length);
  });

  it('finds a violation of the expected property in one mutant of each kind', () => {
    const given = answersOf(cases.mutants);
    const wrong = given.filter(({ expected, verdict }) => !expected.includes(verdict.violated ?? 'holds'));
    expect(saying(wrong)).toEqual([]);
  });

  it('finds a violation of each property in some mutant, so no property holds vacuously', () => {
    const violated = new Set(answersOf(cases.mutants).map(({ verdict }) => verdict.violated));
    expect([...violated].toSorted()).toEqual([...assertionsOf(readModel()), ...withoutAssertion].toSorted());
  });

  it('reaches each state that the model names', () => {
    const given = answersOf(cases.states);
    expect(saying(given)).toEqual(
      saying(given.map((answer) => ({ ...answer, verdict: { violated: answer.expected[0] as string, states: 0 } }))),
    );
    expect(Object.keys(reachedStates).toSorted()).toEqual(reachedStatesOf(readModel()).toSorted());
  });
});

describe('the lists of the steps of the protocol', () => {
  /** The names in the native layer: the steps and the gaps, and the step that only a change of the test hooks names. */
  const native = (): string[] => {
    const files = ['kick.h', 'kick-handler.cc', 'kick.cc', 'records.cc', 'run.h'].map((file) =>
      read(`runtime/native/${file}`),
    );
    const names = [...files.join('\n').matchAll(/\b(?:STEP|GAP)\((\w+)\)|\bChange::(\w+)/g)];
    return [...new Set(names.map(([, step, change]) => (step ?? change) as string))].toSorted();
  };

  it('the native layer, the model and the document name the same steps', () => {
    const documented = [...read('docs/race-free-exit.md').matchAll(/^\| `(\w+)` +\| .* \| .* \|$/gm)];
    expect(stepsOf(readModel()).toSorted()).toEqual(native());
    expect(documented.map(([, name]) => name).toSorted()).toEqual(native());
  });

  it('each step has a mutant that leaves it out', () => {
    const without = mutants.flatMap(({ name }) => /^without (\w+)$/.exec(name)?.[1] ?? []);
    expect(without.toSorted()).toEqual(native());
  });

  it('the document names each mutant and each property', () => {
    const document = read('docs/race-free-exit.md');
    const named = (name: string): boolean => document.includes(`| ${name} `) || document.includes(`| \`${name}\` `);
    const others = mutants.map(({ name }) => name).filter((name) => !name.startsWith('without '));
    expect([...others, ...assertionsOf(readModel()), ...withoutAssertion].filter((name) => !named(name))).toEqual([]);
  });

  it('a change of a step that the model does not have is an error', () => {
    expect(() => edit(readModel(), [{ leaveOut: 'K9' }])).toThrow("the model has no step 'K9'");
    expect(() => edit(readModel(), [{ move: 'K9', before: 'K1' }])).toThrow("the step 'K9' is at the start of 0 lines");
  });
});
