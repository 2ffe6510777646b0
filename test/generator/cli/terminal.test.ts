import { describe, expect, it } from 'vitest';
import { styled, terminalOf } from '../../../generator/cli/terminal.js';

const tty = { isTTY: true, columns: 120 };

describe('terminalOf', () => {
  it('a terminal gives its width, and the variable COLUMNS gives the width of a pipe', () => {
    expect(terminalOf(tty, { COLUMNS: '80' }).columns).toBe(120);
    expect(terminalOf({}, { COLUMNS: '80' }).columns).toBe(80);
    for (const COLUMNS of ['', '0', '-3', '8x']) expect(terminalOf({}, { COLUMNS }).columns).toBeUndefined();
    expect(terminalOf({}, {}).columns).toBeUndefined();
  });

  // The rules are those of Node's documentation for FORCE_COLOR, and of https://no-color.org for NO_COLOR.
  it.each([
    ['a terminal', tty, {}, true],
    ['a pipe', {}, {}, false],
    ['a terminal without colours', tty, { TERM: 'dumb' }, false],
    ['a terminal with NO_COLOR', tty, { NO_COLOR: '1' }, false],
    ['a terminal with an empty NO_COLOR', tty, { NO_COLOR: '' }, true],
    ['a pipe with FORCE_COLOR', {}, { FORCE_COLOR: '1' }, true],
    ['a pipe with an empty FORCE_COLOR', {}, { FORCE_COLOR: '' }, true],
    ['a terminal with FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, false],
    ['a pipe with FORCE_COLOR and NO_COLOR', {}, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('%s has colours or has none', (_what, stream, env, colour) => {
    expect(terminalOf(stream, env).colour).toBe(colour);
  });

  it('a style does not depend on whether the standard output is a terminal', () => {
    expect(styled('cyan', 'text')).toBe('\u001b[36mtext\u001b[39m');
  });
});
