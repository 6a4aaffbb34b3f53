/**
 * The part of the WebAssembly JavaScript API that this repository uses.
 *
 * TypeScript declares it in its libraries for browsers only, and those bring hundreds of names that Node does not have.
 */
declare namespace WebAssembly {
  interface ImportDescriptor {
    readonly module: string;
    readonly name: string;
    readonly kind: "function" | "global" | "memory" | "table";
  }

  interface ExportDescriptor {
    readonly name: string;
    readonly kind: ImportDescriptor["kind"];
  }

  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  type ModuleImports = Record<string, unknown>;

  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer);
    static imports(module: Module): ImportDescriptor[];
    static exports(module: Module): ExportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  class Instance {
    constructor(module: Module, imports?: Record<string, ModuleImports>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
