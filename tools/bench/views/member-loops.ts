/** The loops over single members: each for emitted views, and by hand. See `loops.ts`. */

import { toObject } from '../../../support/index.js';
import type { Instance } from './instance.js';

const mask = 63;

export function textOfView(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = (sum + (instances[i & mask] as Instance).text.text.length) | 0;
  return sum;
}

export function textByHand(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    let text = '';
    for (let at = 1024; at < 1040; at++) {
      const byte = view.getUint8(at);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    sum = (sum + text.length) | 0;
  }
  return sum;
}

const names = ['tap0', 'virtio-blk 17', 'eth', 'a name of sixtee'] as const;

export function textToView(instances: readonly Instance[], count: number): number {
  for (let i = 0; i < count; i++) (instances[i & mask] as Instance).text.text = names[i & 3] as string;
  return count;
}

export function textToMemory(instances: readonly Instance[], count: number): number {
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    const text = names[i & 3] as string;
    for (let at = 0; at < 16; at++) view.setUint8(1024 + at, at < text.length ? text.charCodeAt(at) : 0);
  }
  return count;
}

export function numbersToView(instances: readonly Instance[], count: number): number {
  for (let i = 0; i < count; i++) (instances[i & mask] as Instance).regs.$rip = (i & 7) * 0x1_0000_001f + i;
  return count;
}

export function numbersToMemory(instances: readonly Instance[], count: number): number {
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    const value = (i & 7) * 0x1_0000_001f + i;
    view.setUint32(1168, value, true);
    view.setUint32(1172, value / 0x1_0000_0000, true);
  }
  return count;
}

export function bigintsToView(instances: readonly Instance[], values: readonly bigint[], count: number): number {
  for (let i = 0; i < count; i++) (instances[i & mask] as Instance).regs.rip = values[i & mask] as bigint;
  return count;
}

export function bigintsToMemory(instances: readonly Instance[], values: readonly bigint[], count: number): number {
  for (let i = 0; i < count; i++)
    (instances[i & mask] as Instance).view.setBigUint64(1168, values[i & mask] as bigint, true);
  return count;
}

export function bitsOfView(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { pin } = instances[i & mask] as Instance;
    pin.delivery_mode = i;
    pin.mask = i;
    sum = (sum + pin.delivery_mode + pin.trig_mode + pin.mask) | 0;
  }
  return sum;
}

export function bitsByHand(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    view.setUint8(1185, (view.getUint8(1185) & 0xf8) | (i & 7));
    view.setUint8(1186, (view.getUint8(1186) & 0xfe) | (i & 1));
    sum = (sum + (view.getUint8(1185) & 7) + (view.getUint8(1185) >>> 7) + (view.getUint8(1186) & 1)) | 0;
  }
  return sum;
}

export function flagsOfViews(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = (sum + (instances[i & mask] as Instance).flagged.flags) | 0;
  return sum;
}

export function flagsByHand(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { view, flagsAt } = instances[i & mask] as Instance;
    sum = (sum + view.getUint32(flagsAt, true)) | 0;
  }
  return sum;
}

/** Keeps each copy, so that V8 cannot remove it. */
export function copiesOfView(instances: readonly Instance[], kept: object[], count: number): number {
  for (let i = 0; i < count; i++) kept[i & mask] = toObject((instances[i & mask] as Instance).regs);
  return count;
}

export function copiesByHand(instances: readonly Instance[], kept: object[], count: number): number {
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    kept[i & mask] = {
      rax: view.getBigUint64(1040, true),
      rbx: view.getBigUint64(1048, true),
      rcx: view.getBigUint64(1056, true),
      rdx: view.getBigUint64(1064, true),
      rsi: view.getBigUint64(1072, true),
      rdi: view.getBigUint64(1080, true),
      rsp: view.getBigUint64(1088, true),
      rbp: view.getBigUint64(1096, true),
      r8: view.getBigUint64(1104, true),
      r9: view.getBigUint64(1112, true),
      r10: view.getBigUint64(1120, true),
      r11: view.getBigUint64(1128, true),
      r12: view.getBigUint64(1136, true),
      r13: view.getBigUint64(1144, true),
      r14: view.getBigUint64(1152, true),
      r15: view.getBigUint64(1160, true),
      rip: view.getBigUint64(1168, true),
      rflags: view.getBigUint64(1176, true),
    };
  }
  return count;
}
