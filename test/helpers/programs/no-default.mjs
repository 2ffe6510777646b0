// Is no program.

export const start = () => ({ exit: () => 'stop' });
