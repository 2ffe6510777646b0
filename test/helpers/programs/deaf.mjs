// Serves, and does not want to be told of kicks.

import serve from './serve.mjs';

export default (vcpu, data) => ({ exit: serve(vcpu, data).exit });
