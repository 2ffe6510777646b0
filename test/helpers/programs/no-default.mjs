// Has no default export, so it is not a program.

export const start = () => ({ exit: () => 'stop' });
