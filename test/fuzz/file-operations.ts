/** Operations on files: opening them, and sending them on sockets and transports. */
import { closeSync, ftruncateSync, openSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { FileLike, SendfileOptions } from "../../host/index.js";
import { socket, socketOf } from "./io-operations.js";
import { type Kind, kind } from "./operation.js";
import { withTransport } from "./random-protocol.js";
import { choice, junk } from "./values.js";
import { pick, type World } from "./world.js";

const LARGE_BYTES = 1_000_000;

/** The kernel reads it, and cannot send it. */
const UNSENDABLE = "/proc/self/status";

const fileKind = fc.constantFrom("large", "large", "empty", "unsendable", "write only", "folder", "device");

function openFile(world: World, what: string): number {
  const fd = descriptorOf(what);
  world.files.push({ fd, isOpen: true });
  return fd;
}

/** What has a name has it no longer when it is open. */
function descriptorOf(what: string): number {
  if (what === "unsendable") return openSync(UNSENDABLE, "r");
  if (what === "folder") return openSync("/", "r");
  if (what === "device") return openSync("/dev/zero", "r");
  const path = join(tmpdir(), `wasyncio-fuzz-${process.pid}`);
  const fd = openSync(path, what === "write only" ? "w" : "w+");
  unlinkSync(path);
  if (what !== "empty") ftruncateSync(fd, LARGE_BYTES);
  return fd;
}

/** A file of the pool, as whatever stands for a file; something else that is open; or what is none. */
const file: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ file: choice, as: fc.constantFrom("number", "fd", "fileno") }) },
  { weight: 1, arbitrary: socket },
  { weight: 1, arbitrary: fc.constant(1_000_000) },
  { weight: 1, arbitrary: junk },
);

function fileOf(world: World, value: unknown): FileLike {
  const { file, as } = (value ?? {}) as { file?: unknown; as?: unknown };
  if (typeof file !== "number") return socketOf(world, value);
  if (world.files.length === 0) openFile(world, "large");
  const { fd } = pick(world.files, file) as { fd: number };
  return as === "fd" ? { fd } : as === "fileno" ? { fileno: () => fd } : fd;
}

const offset: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(undefined, 0, 1, 999_990, LARGE_BYTES, 2 ** 40, 2 ** 53 - 1) },
  { weight: 1, arbitrary: junk },
);

const count: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(null, undefined, 1, 1000, 300_000, 0, 2 ** 53 - 1) },
  { weight: 1, arbitrary: junk },
);

const options: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.record({ fallback: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ fallback: junk }) },
  { weight: 1, arbitrary: junk },
);

export const fileOperations: Record<string, Kind> = {
  "open a file": kind([fileKind], openFile),
  "file.close": kind([choice], (world, number) => {
    const one = pick(world.files, number);
    if (one === undefined || !one.isOpen) return;
    one.isOpen = false;
    closeSync(one.fd);
  }),
  "file.truncate": kind([choice], (world, number) => {
    const one = pick(world.files, number);
    if (one?.isOpen) ftruncateSync(one.fd, 10);
  }),
  sockSendfile: kind(
    [socket, file, offset, count, options],
    (world, value, what, from, most, how) => {
      const sock = socketOf(world, value);
      const sent = fileOf(world, what);
      world.keep(world.loop.sockSendfile(sock, sent, from as number, most as number, how as SendfileOptions));
    },
    3,
  ),
  sendfile: kind(
    [choice, file, offset, count, options],
    (world, number, what, from, most, how) =>
      withTransport(world, number, (transport) => {
        const sent = fileOf(world, what);
        world.keep(world.loop.sendfile(transport, sent, from as number, most as number, how as SendfileOptions));
      }),
    // There is seldom a transport.
    12,
  ),
  "sendfile on junk": kind([junk, file], (world, transport, what) =>
    world.keep(world.loop.sendfile(transport as never, fileOf(world, what))),
  ),
};
