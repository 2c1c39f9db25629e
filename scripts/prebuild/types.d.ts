/** One of the ten: see targets.js. */
export interface Target {
  readonly platform: 'linux' | 'darwin' | 'win32';
  readonly arch: 'x64' | 'arm64' | 'arm';
  readonly libc?: 'glibc' | 'musl';
  /** Below prebuilds/, where node-gyp-build looks. */
  readonly file: string;
  /** As gyp names it. */
  readonly os: 'linux' | 'mac' | 'win';
  /** What Zig compiles for. */
  readonly triple: string;
  readonly compile: readonly string[];
  readonly link: readonly string[];
  readonly format: 'ELF' | 'Mach-O' | 'PE';
  readonly bits: 32 | 64;
  /** All that it may need of the system. */
  readonly libraries: readonly string[];
  /** The latest that it may need. */
  readonly glibc?: string;
  readonly minimumOs?: string;
  /** What the linker exports by itself. */
  readonly linkerExports?: readonly string[];
}

/** What a binary says about itself, whatever its format. */
export interface Binary {
  readonly machine: string;
  readonly bits: number;
  readonly isLibrary: boolean;
  /** What it needs of the system. */
  readonly libraries: readonly string[];
  readonly exports: readonly string[];
  /** What it calls and finds in no library of its own: in Node, then. */
  readonly fromHost: readonly string[];
  /** ELF on arm. */
  readonly hardFloat?: boolean;
  /** ELF: the versions of libraries that it needs. */
  readonly versions?: readonly string[];
  /** Mach-O. */
  readonly minimumOs?: string | undefined;
  readonly signature?: Signature | undefined;
}

export interface Signature {
  /** It names no one. */
  readonly adHoc: boolean;
  readonly coversAll: boolean;
  /** Pages that are not what was signed. */
  readonly wrongPages: readonly number[];
}
