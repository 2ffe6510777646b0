/** The version of this package. The banners of emitted files contain it. A test compares it with package.json. */
export const version = '0.2.0';
