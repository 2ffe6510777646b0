/** The output of `npm start`: titles, results and times of steps. */

import { describe, expect, it } from 'vitest';
import { SkippedError, Steps } from '../../../tools/start/steps.js';

function stepsWithText(colour: boolean): { steps: Steps; text: () => string } {
  const written: string[] = [];
  let time = 0;
  const steps = new Steps({
    colour,
    write: (text) => void written.push(text),
    now: () => {
      time += 600;
      return time;
    },
  });
  return { steps, text: () => written.join('') };
}

describe('the steps of npm start', () => {
  it('a step shows its text and its time, a skipped step its reason, and the end has the sums', async () => {
    const { steps, text } = stepsWithText(false);
    await steps.step('Count', () => ({ text: 'one\n\ntwo\n', good: true }));
    expect(
      await steps.step('Open', () => {
        throw new SkippedError('no /dev/kvm');
      }),
    ).toBeUndefined();
    expect(steps.end(['npm test'])).toBe(true);
    expect(text()).toBe(
      [
        '1. Count\n   one\n\n   two\n   done 0.6 s\n\n',
        '2. Open\n   no /dev/kvm\n   skipped 0.6 s\n\n',
        '1 done, 0 failed, 1 skipped\n\nWhat to try next\n   npm test\n',
      ].join(''),
    );
  });

  it('a step without success is a failure, and another error ends the steps', async () => {
    const { steps, text } = stepsWithText(false);
    await steps.step('Compare', () => ({ text: '1 of 2', good: false }));
    expect(text()).toBe('1. Compare\n   1 of 2\n   FAILED 0.6 s\n\n');
    await expect(steps.step('Break', () => Promise.reject(new TypeError('broken')))).rejects.toThrow('broken');
    expect(steps.end([])).toBe(false);
  });

  it('colours are only in the output of a terminal', async () => {
    const { steps, text } = stepsWithText(true);
    await steps.step('Count', () => ({ text: 'one', good: true }));
    expect(text()).toBe('\x1b[1m1. Count\x1b[22m\n   one\n   \x1b[32mdone\x1b[39m \x1b[2m0.6 s\x1b[22m\n\n');
  });
});
