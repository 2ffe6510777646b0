/** The names of configuration files. */

/** The possible names of a configuration file in the current folder. */
export const configNames: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map((end) => `kvm-uapi.config.${end}`);
