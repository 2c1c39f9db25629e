declare module 'node-gyp-build' {
  /** Loads the addon built or prebuilt below `root`. */
  export default function load(root: string): unknown;
}

declare module 'node-gyp-build/bin.js';
