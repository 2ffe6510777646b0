/** A 16550: the chip of a PC's serial line, as its driver sees it. It has eight ports. */

import {
  UART_FCR_CLEAR_RCVR,
  UART_FCR_ENABLE_FIFO,
  UART_IER_RDI,
  UART_IER_THRI,
  UART_IIR_NO_INT,
  UART_IIR_RDI,
  UART_IIR_THRI,
  UART_LCR_DLAB,
  UART_LSR_DR,
  UART_LSR_TEMT,
  UART_LSR_THRE,
  UART_MSR_CTS,
  UART_MSR_DCD,
  UART_MSR_DSR,
} from 'kvm-uapi/x86_64/linux/serial_reg';

/** What the chip is connected to. */
export interface SerialLine {
  /** Sends a byte of the guest. */
  readonly send: (byte: number) => void;
  /** Called when the interrupt line of the chip may have changed. `interrupt` is its level. */
  readonly changed?: () => void;
}

/** The two bits of the register that identifies interrupts say that the FIFO is on. */
const fifoIsOn = 0xc0;

export class Uart16550 {
  readonly #line: SerialLine;
  /** What the guest has not read yet. The chip has a FIFO of 16 bytes. This one has no end, so no byte is lost. */
  readonly #received: number[] = [];
  #interruptEnable = 0;
  #lineControl = 0;
  #modemControl = 0;
  #scratch = 0;
  #divisor = [1, 0];
  #hasFifo = false;
  /** Whether the chip has told the guest since its last write that it can send again. */
  #isSendInterruptPending = false;

  constructor(line: SerialLine) {
    this.#line = line;
  }

  /** The level of the interrupt line. */
  get interrupt(): boolean {
    return this.#reason() !== UART_IIR_NO_INT;
  }

  /** Bytes arrive from outside. */
  receive(bytes: Iterable<number>): void {
    this.#received.push(...bytes);
    this.#line.changed?.();
  }

  /** The guest reads one of the eight ports. */
  read(register: number): number {
    switch (register) {
      case 0: {
        if (this.#showsDivisor) return this.#divisor[0] ?? 0;
        const byte = this.#received.shift() ?? 0;
        this.#line.changed?.();
        return byte;
      }
      case 1:
        return this.#showsDivisor ? (this.#divisor[1] ?? 0) : this.#interruptEnable;
      case 2: {
        const reason = this.#reason();
        // Reading this reason acknowledges it.
        if (reason === UART_IIR_THRI) this.#isSendInterruptPending = false;
        this.#line.changed?.();
        return reason | (this.#hasFifo ? fifoIsOn : 0);
      }
      case 3:
        return this.#lineControl;
      case 4:
        return this.#modemControl;
      case 5:
        // Bytes are sent at once, so there is always room for the next one.
        return UART_LSR_THRE | UART_LSR_TEMT | (this.#received.length > 0 ? UART_LSR_DR : 0);
      case 6:
        return UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD;
      default:
        return this.#scratch;
    }
  }

  /** The guest writes one of the eight ports. */
  write(register: number, value: number): void {
    switch (register) {
      case 0:
        if (this.#showsDivisor) {
          this.#divisor[0] = value;
          return;
        }
        this.#line.send(value);
        this.#isSendInterruptPending = true;
        break;
      case 1:
        if (this.#showsDivisor) {
          this.#divisor[1] = value;
          return;
        }
        // A driver that turns this interrupt on gets one at once, because the chip can send.
        if ((value & ~this.#interruptEnable & UART_IER_THRI) !== 0) this.#isSendInterruptPending = true;
        this.#interruptEnable = value & 0xf;
        break;
      case 2:
        this.#hasFifo = (value & UART_FCR_ENABLE_FIFO) !== 0;
        if ((value & UART_FCR_CLEAR_RCVR) !== 0) this.#received.length = 0;
        break;
      case 3:
        this.#lineControl = value;
        return;
      case 4:
        this.#modemControl = value;
        return;
      case 7:
        this.#scratch = value;
        return;
    }
    this.#line.changed?.();
  }

  /** With this bit, the first two ports are the divisor of the clock, which sets the speed of a real line. */
  get #showsDivisor(): boolean {
    return (this.#lineControl & UART_LCR_DLAB) !== 0;
  }

  /** The most urgent reason for an interrupt. */
  #reason(): number {
    if (this.#received.length > 0 && (this.#interruptEnable & UART_IER_RDI) !== 0) return UART_IIR_RDI;
    if (this.#isSendInterruptPending && (this.#interruptEnable & UART_IER_THRI) !== 0) return UART_IIR_THRI;
    return UART_IIR_NO_INT;
  }
}
