/**
 * Records all that crosses the boundary of the core, so that a run can be played again in another host.
 *
 * Owns: the log. Its nesting is that of the calls: what stands between a `C` and its `R` happened during that call.
 *
 *     C callAt 3ff8000000000000    the host called an export
 *     R 12                         what the export answered; - when nothing
 *     I select 3fe0000000000000    the core called an import
 *     V 1                          what the host answered
 *     M 1056 0100000003000000…     the host wrote bytes into the memory, at an address
 *     H 131072 9f86d081884c7d65…   the memory at the end: its size in bytes, and its SHA-256
 *
 * An i32 is written in decimal, an f64 as the sixteen digits of its bits.
 *
 * Does not own: what the host does (`random-host.ts`), and playing it again (`replay.py`).
 */
import { createHash } from "node:crypto";
import { EVENT_RECORD_BYTES, IMPORT_MODULE } from "../../assembly/abi.js";
import { type CoreExports, type CoreImports, instantiate } from "../../host/core.js";
import { coreBytes } from "../../host/core-bytes.js";
import { script } from "../tidy/repository.js";

type Call = (...args: number[]) => number | undefined;

/** The types of what a function takes, and of what it answers. */
interface Signature {
  readonly parameters: readonly string[];
  readonly result: string;
}

const { describeBoundary } = await script<{ describeBoundary(bytes: Uint8Array): string }>("wasm-signatures.mjs");
const signatures = new Map(
  [...describeBoundary(coreBytes()).matchAll(/^(\w+ \S+) \((.*)\) -> (\w+)$/gm)].map(
    ([, name = "", parameters = "", result = ""]): [string, Signature] => [
      name,
      { parameters: parameters.split(", "), result },
    ],
  ),
);

/** A core whose every call, in and out, is written down. */
export class Recorder {
  /** What the host calls in the place of the core. */
  readonly core: CoreExports;
  readonly #lines: string[] = [];
  readonly #memory: CoreExports["memory"];
  readonly #events: number;
  readonly #series: number;
  /** The length of the open series when the core was left last. */
  #seriesLength = 0;

  constructor(imports: CoreImports) {
    const core = instantiate(this.#recordImports(imports));
    this.#memory = core.memory;
    this.#events = core.eventBuffer();
    this.#series = core.openSeries();
    this.core = this.#recordExports(core);
  }

  /** The log so far, ended by the hash of the memory. */
  log(): string {
    const bytes = new Uint8Array(this.#memory.buffer);
    const hash = createHash("sha256").update(bytes).digest("hex");
    return `${[...this.#lines, `H ${bytes.length} ${hash}`].join("\n")}\n`;
  }

  #recordImports(imports: CoreImports): CoreImports {
    return this.#wrap(imports, `import ${IMPORT_MODULE}.`, false) as unknown as CoreImports;
  }

  #recordExports(core: CoreExports): CoreExports {
    const wrapped = this.#wrap(core, "export ", true);
    return { ...wrapped, memory: core.memory } as unknown as CoreExports;
  }

  /** Puts a function that writes itself down before each of the `owner`'s. */
  #wrap(owner: object, prefix: string, isIntoCore: boolean): Record<string, Call> {
    const [before, after] = isIntoCore ? ["C", "R"] : ["I", "V"];
    const wrapped: Record<string, Call> = {};
    for (const [line, { parameters, result }] of signatures) {
      if (!line.startsWith(prefix)) continue;
      const name = line.slice(prefix.length);
      wrapped[name] = (...args) => {
        // What the host wrote is to be there before the core reads it.
        if (isIntoCore) this.#writeSeries();
        else this.#seriesLength = this.#readSeries();
        if (name === "takeEvents") this.#writeEvents(args[0]);
        this.#lines.push([before, name, ...args.map((value, index) => word(value, parameters[index]))].join(" "));
        const answer = (owner as Record<string, Call>)[name]?.(...args);
        if (name === "select") this.#writeEvents(answer);
        if (isIntoCore) this.#seriesLength = this.#readSeries();
        else this.#writeSeries();
        this.#lines.push(`${after} ${word(answer, result)}`);
        return answer;
      };
    }
    return wrapped;
  }

  #readSeries(): number {
    return new DataView(this.#memory.buffer).getInt32(this.#series, true);
  }

  /** Notes how much longer the host has made the open series since it was last asked or answered. */
  #writeSeries(): void {
    const length = this.#readSeries();
    if (length === this.#seriesLength) return;
    const bytes = Buffer.from(this.#memory.buffer, this.#series, 4);
    this.#lines.push(`M ${this.#series} ${bytes.toString("hex")}`);
  }

  #writeEvents(count = 0): void {
    if (count <= 0) return;
    const bytes = Buffer.from(this.#memory.buffer, this.#events, count * EVENT_RECORD_BYTES);
    this.#lines.push(`M ${this.#events} ${bytes.toString("hex")}`);
  }
}

function word(value: number | undefined, type: string | undefined): string {
  if (value === undefined || type === "nothing") return "-";
  if (type === "i32") return String(value);
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}
