// Serves exits, and has no method for interruptions.

import serve from './serve.mjs';

export default (vcpu, data) => ({ onExit: serve(vcpu, data).onExit });
