// Throws at the place that `where` names.

function fail(where) {
  throw new RangeError(`thrown in ${where}`);
}

export default (_vcpu, { where }) => {
  if (where === 'start') fail(where);
  if (where === 'a promise') return Promise.reject(new RangeError('thrown in a promise'));
  return {
    onExit: () => (where === 'onExit' ? fail(where) : undefined),
    onInterrupt: () => (where === 'onInterrupt' ? fail(where) : undefined),
  };
};
