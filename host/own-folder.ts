/**
 * Where the code of this package is.
 *
 * Owns: its folder. This file is at the top of it among the sources, and so is what it becomes part of in the package.
 */

/** The URL of the folder that holds all of our code. */
export const ownFolder = new URL(".", import.meta.url).href;
