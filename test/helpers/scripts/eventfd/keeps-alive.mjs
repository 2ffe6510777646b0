// A read keeps the process alive until it is served. Nothing else does, because the timer does not.

import { EventFd } from '../../../../dist/runtime/index.js';

const event = EventFd.create();
event.unref().ref();
setTimeout(() => event.signal(), 50).unref();
event.read().then((count) => console.log(JSON.stringify(Number(count))));
