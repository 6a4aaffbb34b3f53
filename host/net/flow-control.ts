/**
 * Flow control of what is written: two marks, and telling the protocol when one is passed.
 *
 * Owns: the marks, and whether the protocol was told to pause. It is told once when more than the high-water mark waits,
 * and once when no more than the low-water mark does.
 *
 * Does not own: what waits. A transport says how much that is.
 *
 * From: CPython 3.13 transports.py `_FlowControlMixin`.
 */

import { checkOptions } from "../arguments.js";
import { describe, FatalError, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { WritingProtocol } from "../protocols.js";

const HIGH_WATER_BYTES = 64 * 1024;

/** The marks, in bytes. One that is left out follows from the other: high is four times low. */
export interface WriteBufferLimits {
  high?: number | undefined;
  low?: number | undefined;
}

/** What a transport that writes is made on. */
export abstract class FlowControl {
  readonly #highByDefault: number;
  readonly #pausesAtHigh: boolean;
  #high: number;
  #low: number;
  /** More than this is too much. */
  #most: number;
  #paused = false;

  /**
   * @param highByDefault the high-water mark, in bytes
   * @param pausesAtHigh whether as much as the high-water mark is too much already
   */
  constructor(highByDefault = HIGH_WATER_BYTES, pausesAtHigh = false) {
    this.#highByDefault = highByDefault;
    this.#pausesAtHigh = pausesAtHigh;
    this.#high = highByDefault;
    this.#low = highByDefault / 4;
    this.#most = this.#mostOf(highByDefault);
  }

  /** How many bytes wait to be sent. */
  abstract getWriteBufferSize(): number;

  /** @internal */
  protected abstract get _flowLoop(): EventLoop;

  /** The low-water and the high-water mark, in bytes. */
  getWriteBufferLimits(): [low: number, high: number] {
    return [this.#low, this.#high];
  }

  /**
   * Sets the marks. Without either, they are the default ones: 16 KiB and 64 KiB, with TLS 128 KiB and 512 KiB.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`; ValueError `ERR_OUT_OF_RANGE` unless high ≥ low ≥ 0
   */
  setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    checkLimits(limits);
    const high = limits.high ?? (limits.low === undefined ? this.#highByDefault : 4 * limits.low);
    const low = limits.low ?? Math.floor(high / 4);
    if (!(high >= low && low >= 0)) {
      throw new ValueError("ERR_OUT_OF_RANGE", `high (${high}) must be >= low (${low}) must be >= 0`);
    }
    this.#high = high;
    this.#low = low;
    this.#most = this.#mostOf(high);
    this._pauseIfHigh();
  }

  /** @internal Whether the protocol was told to pause, and not to resume since. */
  get _isPaused(): boolean {
    return this.#paused;
  }

  /** @internal Tells the protocol to pause if too much waits. */
  protected _pauseIfHigh(): void {
    if (this.#paused || this.getWriteBufferSize() <= this.#most) return;
    this.#paused = true;
    this.#tell("pauseWriting");
  }

  /** @internal Whether a protocol that was paused is to resume. */
  protected get _isLow(): boolean {
    return this.#paused && this.getWriteBufferSize() <= this.#low;
  }

  /** @internal Tells a protocol that was paused to resume if little enough waits. */
  protected _resumeIfLow(): void {
    if (!this._isLow) return;
    this.#paused = false;
    this.#tell("resumeWriting");
  }

  abstract getProtocol(): WritingProtocol;

  #mostOf(high: number): number {
    return this.#pausesAtHigh ? Math.max(high - 1, 0) : high;
  }

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
    throw typeError("ERR_INVALID_ARG_TYPE", `${name} must be a number of bytes, not ${describe(value)}`);
  }
}
