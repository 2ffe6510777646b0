/** Extended regular expressions for the declarations of a header that `grep` finds. The name is the last word. */

export const types: string = '^(struct|union) [a-z]\\w+';
export const names: string = `${types}|^#define KVM_\\w+`;
