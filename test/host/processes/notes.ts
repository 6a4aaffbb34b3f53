/** A child's protocol that notes what it is told: CM, PL and the pipe, PW, PE and CL in the order in which they come, and the output. */
import type { Future } from "../../../host/futures/future.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import type { SubprocessTransport } from "../../../host/processes/subprocess-transport.js";
import type { SubprocessProtocol } from "../../../host/protocols.js";

export class Notes implements SubprocessProtocol {
  readonly trace: string[] = [];
  readonly lost: Future<Error | null>;
  readonly #output: [Buffer[], Buffer[], Buffer[]] = [[], [], []];
  transport!: SubprocessTransport;

  constructor(loop: EventLoop) {
    this.lost = loop.createFuture();
  }

  connectionMade(transport: SubprocessTransport): void {
    this.trace.push("CM");
    this.transport = transport;
  }

  pipeDataReceived(fd: number, data: Buffer): void {
    this.#output[fd as 1 | 2].push(data);
  }

  pipeConnectionLost(fd: number, error: Error | null): void {
    this.trace.push(`PL${fd}${error === null ? "" : ` ${error.message}`}`);
  }

  pauseWriting(): void {
    this.trace.push("PW");
  }

  processExited(): void {
    this.trace.push("PE");
  }

  connectionLost(error: Error | null): void {
    this.trace.push("CL");
    this.lost.setResult(error);
  }

  text(fd: 1 | 2): string {
    return Buffer.concat(this.#output[fd]).toString();
  }
}
