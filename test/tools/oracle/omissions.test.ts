/** The omissions are a known list: every new and every missing omission is found. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../../generator/core.js';
import { SourceError } from '../../../generator/errors.js';
import type { Model, Omission } from '../../../generator/model/model.js';
import { generateBindings } from '../../../tools/lib/generated-bindings.js';
import { kvm } from '../../../tools/lib/oracle-compiler.js';

type Expected = Pick<Omission, 'kind' | 'name' | 'reason'>;

/** The expected omissions of `linux/kvm.h` for x86-64, by kernel series. */
const expected = JSON.parse(read('./expected-omissions.json')) as Readonly<Record<string, readonly Expected[]>>;

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
}

function seriesOf({ kernel }: Model): string {
  return kernel?.split('.').slice(0, 2).join('.') ?? 'an unknown kernel';
}

/** Reasons that are about the generator, not about the header. */
const excuse =
  /not (?:yet )?(?:implemented|supported|handled|known)|un(?:implemented|supported|handled)|to ?do|fixme|later/i;

describe('the omissions of a model', () => {
  it('the committed model has exactly the expected omissions', () => {
    const model = openModel(read('../../../generated/x86_64/linux/kvm.model.json'), 'the committed model');
    expectLedger(model, expected[seriesOf(model)]);
  });

  it("the model of this machine's headers has exactly the expected omissions", async ({ skip }) => {
    const model = await modelHere();
    if (!model) return skip(`<${kvm.header}> not found`);
    const entries = expected[seriesOf(model)];
    if (!entries) return skip(`no omissions is committed for Linux ${seriesOf(model)}`);
    expectLedger(model, entries);
  });

  it('every reason is in the header, and no reason is a missing feature of the generator', () => {
    const entries = Object.values(expected).flat();
    expect(entries.length).toBeGreaterThan(0);
    for (const { name, reason } of entries) {
      expect(reason, name).not.toMatch(excuse);
      expect(reason, name).toMatch(/\w+ \w+/);
    }
  });
});

function expectLedger(
  { omissions, constants, functions, ioctls }: Model,
  entries: readonly Expected[] | undefined,
): void {
  expect(entries?.length).toBeGreaterThan(0);
  expect(omissions.map(({ kind, name, reason }) => ({ kind, name, reason }))).toEqual(entries);
  for (const { reason } of omissions) expect(reason).not.toMatch(excuse);
  const said = new Set([...constants, ...functions, ...ioctls].map(({ name }) => name));
  expect(omissions.filter(({ name }) => said.has(name))).toEqual([]);
}

async function modelHere(): Promise<Model | undefined> {
  try {
    return (await generateBindings(kvm)).model;
  } catch (error) {
    if (error instanceof SourceError && error.file === '<command line>') return undefined;
    throw error;
  }
}
