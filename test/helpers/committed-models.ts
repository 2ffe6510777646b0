/** Models that need neither a compiler nor this machine's headers. */

import { readFileSync } from 'node:fs';
import { openModel } from '../../generator/core.js';
import type { Model } from '../../generator/model/model.js';
import type { Target } from '../../generator/targets/target.js';
import { type Headers, modelOf } from '../../tools/lib/headers-in-memory.js';

/** The model of the committed bindings of `linux/kvm.h`. The default target is x86-64. */
export function committedModel(target = 'x86_64'): Model {
  const url = new URL(`../../generated/${target}/linux/kvm.model.json`, import.meta.url);
  return openModel(readFileSync(url, 'utf8'), 'the committed model');
}

/** The model of a header with this text. The default target is x86-64. */
export function modelOfText(name: string, text: string, target?: Target): Model {
  const model = modelOf({ [name]: text, 'linux/types.h': types, 'linux/ioctl.h': ioctl }, name, undefined, target);
  return { ...model, sources: model.sources.map((source) => ({ ...source, sha256: '0'.repeat(64) })) };
}

const shapes = readFileSync(new URL('../../tools/lib/shapes.h', import.meta.url), 'utf8');

/** The model of `shapes.h`. The default target is x86-64. */
export function shapesModel(target?: Target): Model {
  return modelOfText('shapes.h', shapes, target);
}

const types = [8, 16, 32, 64]
  .map((width) => {
    const type = { 8: 'char', 16: 'short', 32: 'int', 64: 'long long' }[width];
    const ordered = width === 8 ? '' : `typedef __u${width} __be${width};\ntypedef __u${width} __le${width};\n`;
    return `typedef signed ${type} __s${width};\ntypedef unsigned ${type} __u${width};\n${ordered}`;
  })
  .join('');

const ioctl = `
#define _IOC_NONE 0U
#define _IOC_WRITE 1U
#define _IOC_READ 2U
#define _IOC(dir, type, nr, size) ((dir) << 30 | (size) << 16 | (type) << 8 | (nr))
#define _IO(type, nr) _IOC(_IOC_NONE, type, nr, 0)
#define _IOR(type, nr, argument) _IOC(_IOC_READ, type, nr, sizeof(argument))
#define _IOW(type, nr, argument) _IOC(_IOC_WRITE, type, nr, sizeof(argument))
#define _IOWR(type, nr, argument) _IOC(_IOC_READ | _IOC_WRITE, type, nr, sizeof(argument))
#define _IOC_DIR(request) ((request) >> 30 & 3)
#define _IOC_SIZE(request) ((request) >> 16 & 0x3fff)
#define _IOC_TYPE(request) ((request) >> 8 & 0xff)
#define _IOC_NR(request) ((request) & 0xff)
`;

/** `shapes.h` and the headers that it includes, as in the models above. */
export const shapesHeaders: Headers = { 'shapes.h': shapes, 'linux/types.h': types, 'linux/ioctl.h': ioctl };
