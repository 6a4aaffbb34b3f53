/**
 * Flow control of what is written: two marks, and telling the protocol when one is passed.
 *
 * Owns: the marks, and whether the protocol was told to pause. It is told once when more than the high-water mark waits,
 * and once when no more than the low-water mark does.
 *
 * Does not own: what waits. A transport says how much that is.
 *
 * From: CPython 3.11 transports.py `_FlowControlMixin`.
 */

import { describe, FatalError, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { BaseProtocol } from "../protocols.js";
import { checkOptions } from "./options.js";

const HIGH_WATER_BYTES = 64 * 1024;
const LOW_WATER_BYTES = HIGH_WATER_BYTES / 4;

/** The marks, in bytes. One that is left out follows from the other: high is four times low. */
export interface WriteBufferLimits {
  high?: number | undefined;
  low?: number | undefined;
}

/** What a transport that writes is made on. */
export abstract class FlowControl {
  #high = HIGH_WATER_BYTES;
  #low = LOW_WATER_BYTES;
  #paused = false;

  /** How many bytes wait to be sent. */
  abstract getWriteBufferSize(): number;

  /** @internal */
  protected abstract get _flowLoop(): EventLoop;

  /** The low-water and the high-water mark, in bytes. */
  getWriteBufferLimits(): [low: number, high: number] {
    return [this.#low, this.#high];
  }

  /**
   * Sets the marks. Without either, they are the default ones: 16 KiB and 64 KiB.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE` unless high ≥ low ≥ 0
   */
  setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    checkLimits(limits);
    const high = limits.high ?? (limits.low === undefined ? HIGH_WATER_BYTES : 4 * limits.low);
    const low = limits.low ?? Math.floor(high / 4);
    if (!(high >= low && low >= 0)) {
      throw new ValueError("ERR_OUT_OF_RANGE", `high (${high}) must be >= low (${low}) must be >= 0`);
    }
    this.#high = high;
    this.#low = low;
    this._pauseIfHigh();
  }

  /** @internal Tells the protocol to pause if too much waits. */
  protected _pauseIfHigh(): void {
    if (this.#paused || this.getWriteBufferSize() <= this.#high) return;
    this.#paused = true;
    this.#tell("pauseWriting");
  }

  /** @internal Tells a protocol that was paused to resume if little enough waits. */
  protected _resumeIfLow(): void {
    if (!this.#paused || this.getWriteBufferSize() > this.#low) return;
    this.#paused = false;
    this.#tell("resumeWriting");
  }

  abstract getProtocol(): BaseProtocol;

  #tell(method: "pauseWriting" | "resumeWriting"): void {
    const protocol = this.getProtocol();
    try {
      protocol[method]?.();
    } catch (exception) {
      if (exception instanceof FatalError) throw exception;
      const message = `protocol.${method}() failed`;
      this._flowLoop.callExceptionHandler({ message, exception, transport: this, protocol });
    }
  }
}

function checkLimits(limits: WriteBufferLimits): void {
  checkOptions("setWriteBufferLimits", limits, ["high", "low"]);
  for (const name of ["high", "low"] as const) {
    const value = limits[name];
    if (value === undefined || typeof value === "number") continue;
    throw typeError("ERR_INVALID_ARG_TYPE", `${name} must be a number of bytes, not ${describe(value)}.`);
  }
}
