/** Your terminal as the other end of a serial line. */

/** What the terminal does with your keys. */
export interface TerminalUser {
  /** Gets the bytes that you type. */
  readonly type: (bytes: number[]) => void;
  /** You typed Ctrl-A X. */
  readonly leave: () => void;
  /** The input has ended, because it is a file or a pipe. */
  readonly end: () => void;
}

export interface Terminal extends Disposable {
  /** Shows a byte. */
  readonly show: (byte: number) => void;
}

const ctrlA = 1;

/**
 * Puts the terminal into raw mode: each key is sent at once, the terminal does not print it, and Ctrl-C is a byte for the guest.
 * `using` gives the terminal back. The input can be a pipe, too.
 */
export function openTerminal({ type, leave, end }: TerminalUser): Terminal {
  const { stdin, stdout } = process;
  let isAfterCtrlA = false;
  const onData = (data: Buffer): void => {
    const bytes: number[] = [];
    for (const byte of data) {
      const key = String.fromCharCode(byte).toLowerCase();
      if (isAfterCtrlA && key === 'x') {
        type(bytes);
        leave();
        return;
      }
      // Ctrl-A Ctrl-A sends one Ctrl-A to the guest. Before all other keys, Ctrl-A does nothing.
      const isPrefix: boolean = byte === ctrlA && !isAfterCtrlA;
      if (!isPrefix) bytes.push(byte);
      isAfterCtrlA = isPrefix;
    }
    type(bytes);
  };
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', onData).once('end', end);
  return {
    show: (byte) => stdout.write(Uint8Array.of(byte)),
    [Symbol.dispose](): void {
      stdin.off('data', onData).off('end', end).pause();
      if (stdin.isTTY) stdin.setRawMode(false);
    },
  };
}
