/** The loops over arrays: each for emitted views, and by hand. See `loops.ts`. */

import type { Instance } from './instance.js';

const mask = 63;

export function numbersOfArray(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++)
    for (const value of (instances[i & mask] as Instance).numbers) sum = (sum + value) | 0;
  return sum;
}

export function numbersOfTypedArray(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) for (const value of (instances[i & mask] as Instance).u32) sum = (sum + value) | 0;
  return sum;
}

export function numbersByIndex(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { numbers } = instances[i & mask] as Instance;
    for (let at = 0; at < numbers.length; at++) sum = (sum + numbers.get(at)) | 0;
  }
  return sum;
}

export function numbersByHand(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    for (let at = 0; at < 16; at++) sum = (sum + view.getUint32(at * 4, true)) | 0;
  }
  return sum;
}

export function bigEndianOfArray(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++)
    for (const value of (instances[i & mask] as Instance).bigEndian) sum = (sum + value) | 0;
  return sum;
}

export function bigEndianByIndex(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { bigEndian } = instances[i & mask] as Instance;
    for (let at = 0; at < bigEndian.length; at++) sum = (sum + bigEndian.get(at)) | 0;
  }
  return sum;
}

export function bigEndianByHand(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    for (let at = 0; at < 16; at++) sum = (sum + view.getUint32(at * 4, false)) | 0;
  }
  return sum;
}

export function structsOfArray(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++)
    for (const { eax } of (instances[i & mask] as Instance).entries) sum = (sum + eax) | 0;
  return sum;
}

export function structsByIndex(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { entries } = instances[i & mask] as Instance;
    for (let at = 0; at < entries.length; at++) sum = (sum + entries.get(at).eax) | 0;
  }
  return sum;
}

export function structsByHand(instances: readonly Instance[], count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const { view } = instances[i & mask] as Instance;
    for (let at = 0; at < 16; at++) sum = (sum + view.getUint32(84 + at * 40, true)) | 0;
  }
  return sum;
}
