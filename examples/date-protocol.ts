/**
 * Asks a child for the date with a protocol, as in asyncio's documentation: what it prints, the end of its pipe, and its exit are calls.
 *
 *   node out/examples/date-protocol.js
 */
import { type Future, getRunningLoop, run, SubprocessProtocol } from "wasyncio";

class DateProtocol extends SubprocessProtocol {
  readonly exitFuture: Future<void>;
  output = "";
  pipeClosed = false;
  exited = false;

  constructor(exitFuture: Future<void>) {
    super();
    this.exitFuture = exitFuture;
  }

  override pipeDataReceived(_fd: number, data: Buffer): void {
    this.output += data;
  }

  override pipeConnectionLost(): void {
    this.pipeClosed = true;
    this.checkForExit();
  }

  override processExited(): void {
    this.exited = true;
    // This may come before pipeConnectionLost: wait until both were called.
    this.checkForExit();
  }

  checkForExit(): void {
    if (this.pipeClosed && this.exited) this.exitFuture.setResult();
  }
}

async function getDate(): Promise<string> {
  const loop = getRunningLoop();
  const code = "console.log(new Date().toISOString())";
  const exitFuture = loop.createFuture<void>();

  // Create the child, controlled by DateProtocol; its standard output is a pipe.
  const make = (): DateProtocol => new DateProtocol(exitFuture);
  const options = { stdin: null, stderr: null };
  const [transport, protocol] = await loop.subprocessExec(make, process.execPath, "-e", code, options);

  // Wait for the child's exit.
  await exitFuture;
  transport.close();
  return protocol.output.trimEnd();
}

console.log(`Current date: ${await run(getDate)}`);
