/** The version of this package, as the banners of emitted files say it; a test holds it against package.json. */
export const version = '0.1.0';
