/**
 * The one door to WebAssembly: compiles `core.wasm` once, and makes an instance of it for each loop.
 *
 * Owns: the typed lists of imports and exports, the check of the ABI's version, and the views on the core's memory.
 *
 * Does not own: what the numbers mean (`assembly/abi.ts`), nor what the imports do (`scheduler/scheduler.ts`).
 */
import { ABI_VERSION, EVENT_CAPACITY, EVENT_RECORD_WORDS, IMPORT_MODULE } from "../assembly/abi.js";
import { coreBytes } from "./core-bytes.js";
import { describe, RuntimeError, typeError, UnsupportedError } from "./errors.js";

/**
 * What the core asks of its host; `assembly/host.ts`, in the package, says what each must do. None may throw. They are called as functions,
 * without `this`: methods of a class are to be bound.
 */
export interface CoreImports {
  now(): number;
  select(timeoutSeconds: number): number;
  watch(fd: number, interest: number, generation: number): number;
  dispatch(id: number): number;
  runSeries(length: number): number;
  resume(task: number, how: number): number;
  taskDone(task: number, state: number): void;
  cancelWaiter(task: number): number;
  report(what: number, id: number): number;
}

/** What the core offers; the file named beside each group in `assembly/index.ts`, in the package, says what each does. */
export interface CoreExports {
  /** As much of a WebAssembly.Memory as is needed, since not every user compiles with its types. */
  readonly memory: { readonly buffer: ArrayBuffer };
  abiVersion(): number;
  init(resolutionSeconds: number): number;
  eventBuffer(): number;
  batchBuffer(): number;
  openSeries(): number;
  extendSeries(): void;
  callSoon(): number;
  callAt(when: number): number;
  cancel(id: number): number;
  addReader(fd: number): number;
  addWriter(fd: number): number;
  removeReader(fd: number): number;
  removeWriter(fd: number): number;
  readerOf(fd: number): number;
  writerOf(fd: number): number;
  expect(kind: number): number;
  listen(kind: number): number;
  forget(id: number): number;
  createFuture(): number;
  addCallback(future: number): number;
  removeCallback(callback: number): number;
  settle(id: number, state: number): number;
  dropFuture(id: number): number;
  createTask(): number;
  createEagerTask(): number;
  cancelTask(id: number): number;
  cancelling(id: number): number;
  uncancel(id: number): number;
  takeMustCancel(id: number): number;
  answer(task: number, result: number): number;
  pollTimeout(): number;
  takeEvents(count: number): void;
  firstDeadline(): number;
  beginBatch(): number;
  runReady(): number;
  takeReady(): number;
  runOnce(): number;
  runForever(): number;
  stop(): void;
  clearStop(): void;
  clear(): void;
  readyCount(): number;
  timerCount(): number;
  cancelledTimerCount(): number;
  liveSlots(): number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Makes a core of its own for one loop.
 *
 * @throws RuntimeError `ERR_CORE_VERSION` when the file is of another version than this package; UnsupportedError
 *   `ERR_UNSUPPORTED_PLATFORM` without WebAssembly; TypeError `ERR_INVALID_ARG_TYPE` or
 *   `ERR_NOT_CALLABLE` for an import that is none
 */
export function instantiate(imports: CoreImports): CoreExports {
  if (typeof WebAssembly === "undefined") {
    throw new UnsupportedError("ERR_UNSUPPORTED_PLATFORM", "loops need WebAssembly, which --jitless turns off");
  }
  compiled ??= new WebAssembly.Module(coreBytes());
  checkImports(compiled, imports);
  const module = { [IMPORT_MODULE]: imports as unknown as WebAssembly.ModuleImports };
  const exports = new WebAssembly.Instance(compiled, module).exports as unknown as CoreExports;
  if (exports.abiVersion() !== ABI_VERSION) {
    throw new RuntimeError(
      "ERR_CORE_VERSION",
      `core.wasm speaks version ${exports.abiVersion()} and this package version ${ABI_VERSION}: install wasyncio again, so that both are of one release`,
    );
  }
  return exports;
}

function checkImports(module: WebAssembly.Module, imports: CoreImports): void {
  if (typeof imports !== "object" || imports === null) {
    throw typeError("ERR_INVALID_ARG_TYPE", `The imports of the core must be an object, not ${describe(imports)}`);
  }
  for (const { name } of WebAssembly.Module.imports(module)) {
    const { [name]: answer } = imports as unknown as Record<string, unknown>;
    if (typeof answer === "function") continue;
    throw typeError("ERR_NOT_CALLABLE", `The import ${name} of the core must be a function, not ${describe(answer)}`);
  }
}

/** Where the host writes event records. Growing the memory detaches every view on it, so ask again after each call into the core. */
export class EventBuffer {
  readonly #core: CoreExports;
  #view: Int32Array;

  constructor(core: CoreExports) {
    this.#core = core;
    this.#view = this.#map();
  }

  /** EVENT_CAPACITY event records. */
  get view(): Int32Array {
    if (this.#view.length === 0) this.#view = this.#map();
    return this.#view;
  }

  #map(): Int32Array {
    return new Int32Array(this.#core.memory.buffer, this.#core.eventBuffer(), EVENT_CAPACITY * EVENT_RECORD_WORDS);
  }
}

/** The series of calls that the core counts without being called: see `assembly/ready-queue.ts`. */
export class OpenSeries {
  readonly #core: CoreExports;
  #view: Int32Array;

  constructor(core: CoreExports) {
    this.#core = core;
    this.#view = this.#map();
  }

  /** Makes it a call longer. */
  extend(): void {
    // Of a view that was detached, because the memory grew, it is undefined.
    const length = this.#view[0] as number;
    if (length > 0) this.#view[0] = length + 1;
    else this.#open();
  }

  #open(): void {
    this.#core.extendSeries();
    if (this.#view.length === 0) this.#view = this.#map();
  }

  #map(): Int32Array {
    return new Int32Array(this.#core.memory.buffer, this.#core.openSeries(), 1);
  }
}
