import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../generator/errors.js';
import { type RequestedHeader, requestedHeaders } from '../../../generator/headers/requested.js';

const at = (base: string) => (path: string) => resolve(base, path);

function requested(...spellings: string[]): RequestedHeader[] {
  return requestedHeaders(spellings, ['/p/inc', '/p/inc/deep'], at('/p'));
}

describe('requestedHeaders', () => {
  it.each([
    ['linux/kvm.h', { name: 'linux/kvm.h' }],
    ['<linux/kvm.h>', { name: 'linux/kvm.h' }],
    ['"linux/kvm.h"', { name: 'linux/kvm.h' }],
    ['./mydev.h', { name: 'mydev.h', path: '/p/mydev.h' }],
    ['../mydev.h', { name: 'mydev.h', path: '/mydev.h' }],
    ['/home/me/mydev.h', { name: 'mydev.h', path: '/home/me/mydev.h' }],
    ['./src/mydev.h', { name: 'mydev.h', path: '/p/src/mydev.h' }],
    ['./inc/mydev/api.h', { name: 'mydev/api.h', path: '/p/inc/mydev/api.h' }],
    ['./inc/deep/x/y.h', { name: 'x/y.h', path: '/p/inc/deep/x/y.h' }],
    ['./include/mydev/api.h', { name: 'mydev/api.h', path: '/p/include/mydev/api.h' }],
    ['../linux/include/uapi/linux/vfio.h', { name: 'linux/vfio.h', path: '/linux/include/uapi/linux/vfio.h' }],
    ['/usr/include/linux/fs.h', { name: 'linux/fs.h', path: '/usr/include/linux/fs.h' }],
    ['/usr/include/s390x-linux-gnu/asm/kvm.h', { name: 'asm/kvm.h', path: '/usr/include/s390x-linux-gnu/asm/kvm.h' }],
    ['./include/../mydev.h', { name: 'mydev.h', path: '/p/mydev.h' }],
  ])('requestedHeaders finds the name and the path of %s', (spelling, header) => {
    expect(requested(spelling)).toEqual([header]);
  });

  it('requestedHeaders returns a header once, even if it is spelled differently', () => {
    expect(requested('linux/kvm.h', '<linux/kvm.h>', './a.h', './b/../a.h')).toEqual([
      { name: 'linux/kvm.h' },
      { name: 'a.h', path: '/p/a.h' },
    ]);
  });

  it.each([
    ['mydev.c', /'mydev.c' is not a header: this is a source file, .*give the header/],
    ['./src/mydev.cpp', /source file/],
    ['mydev.hpp', /a header of C\+\+/],
    ['linux/kvm', /the name of a header ends in \.h; did you mean linux\/kvm\.h\?/],
    ['', /spelled as in an #include/],
    ['<linux/kvm.h', /spelled as in an #include/],
  ])('requestedHeaders refuses %j with advice', (spelling, message) => {
    expect(() => requested(spelling)).toThrow(message);
    expect(() => requested(spelling)).toThrow(UsageError);
  });

  it('requestedHeaders refuses two headers with one name', () => {
    expect(() => requested('./a/x.h', './b/x.h')).toThrow(
      '/p/a/x.h and /p/b/x.h have the same name, x.h; generate one of them into another folder, or rename it',
    );
    expect(() => requested('x.h', './x.h')).toThrow(/<x\.h> and|\/p\/x\.h have the same name/);
  });
});
