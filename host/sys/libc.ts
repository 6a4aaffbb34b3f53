/**
 * The one door to native code: the C functions that we call, through koffi.
 *
 * Owns: loading koffi on first use, the one table of prototypes, errno, and the error for platforms where there is none.
 *
 * Does not own: what the functions mean. Each concept has its file in this folder, whose wrappers check fds and clamp
 * lengths, because C checks neither, and answer a negative errno.
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { messageOf, UnsupportedError } from "../errors.js";

/** A buffer whose address the call itself takes; it need not outlive the call. */
type Pointer = Uint8Array | BigUint64Array;
/** An address inside a `Memory`, which its owner keeps alive. */
type Address = number;
/** An address of C's own memory. */
type Foreign = bigint;

/**
 * A function that a thread of libuv's pool can call in our place. What it reads and writes must outlive the call.
 * `done` is told the result, and `errno` is then that call's.
 */
type CanWait<Arguments extends unknown[]> = ((...args: Arguments) => number) & {
  async(...args: [...Arguments, done: (error: unknown, result: number) => void]): void;
};

/** What the table declares, as TypeScript sees it. Lengths and addresses are trusted here and checked by the wrappers. */
export interface CFunctions {
  close(fd: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  read(fd: number, buffer: Address, length: number): number;
  readView(fd: number, buffer: Pointer, length: number): number;
  write(fd: number, buffer: Pointer, length: number): number;
  pipe2(fds: Pointer, flags: number): number;
  poll(fds: Pointer, count: number, timeoutMs: number): number;
  pthread_sigmask(how: number, set: Pointer, old: Address): number;

  socket(family: number, type: number, proto: number): number;
  socketpair(family: number, type: number, proto: number, fds: Pointer): number;
  bind(fd: number, name: Address, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, name: Address, length: Address, flags: number): number;
  connect(fd: number, name: Address, length: number): number;
  shutdown(fd: number, how: number): number;
  getsockname(fd: number, name: Address, length: Address): number;
  getpeername(fd: number, name: Address, length: Address): number;
  getsockopt(fd: number, level: number, option: number, value: Pointer, length: Pointer): number;
  setsockopt(fd: number, level: number, option: number, value: Pointer, length: number): number;
  recv(fd: number, buffer: Address, length: number, flags: number): number;
  recvView(fd: number, buffer: Pointer, length: number, flags: number): number;
  recvfrom(fd: number, buffer: Pointer, length: number, flags: number, name: Address, nameLength: Address): number;
  sendmsg(fd: number, header: Address, flags: number): number;
  recvmsg(fd: number, header: Address, flags: number): number;
  recvmmsg(fd: number, headers: Address, count: number, flags: number, timeout: Address): number;
  sendmmsg(fd: number, headers: Address, count: number, flags: number): number;
  send(fd: number, buffer: Pointer, length: number, flags: number): number;
  sendFrom(fd: number, buffer: Address, length: number, flags: number): number;
  sendfile(socket: number, file: number, offset: Address, length: number): number;
  sendto(fd: number, buffer: Pointer, length: number, flags: number, name: Address, nameLength: number): number;
  inet_pton(family: number, text: string, bytes: Pointer): number;
  inet_ntop(family: number, bytes: Pointer, text: Pointer, length: number): Address;
  if_nametoindex(name: string): number;

  getaddrinfo: CanWait<[host: Address, service: Address, hints: Address, list: Address]>;
  freeaddrinfo(list: Foreign): void;
  getnameinfo: CanWait<
    [
      name: Address,
      nameLength: number,
      host: Address,
      hostLength: number,
      service: Address,
      serviceLength: number,
      flags: number,
    ]
  >;
  gai_strerror(status: number): string;
  memcpy(to: Address, from: Foreign, length: number): void;
  strnlen(text: Foreign, length: number): number;

  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Address): number;
  epoll_wait(epoll: number, events: Address, capacity: number, timeoutMs: number): number;
  epoll_pwait2(
    call: number,
    epoll: number,
    events: Address,
    capacity: number,
    timeout: Address,
    mask: Address,
    maskBytes: number,
  ): number;
  eventfd(initial: number, flags: number): number;
  timerfd_create(clock: number, flags: number): number;
  timerfd_settime(fd: number, flags: number, value: Address, old: Address): number;

  dladdr(address: bigint, info: Pointer): number;
  dlopen(path: bigint, flags: number): bigint;
  dlsym(library: bigint, name: string): bigint | number;
}

/**
 * Key: our name. Value: the prototype, which names the symbol. `uintptr_t` stands where an address is passed as a number,
 * which is cheaper than a view, `void *` where koffi takes the address of a view, `intptr_t` for `ssize_t`, which koffi
 * does not know. Variadic functions are declared with the arguments that we pass: on Linux x64 and arm64 both kinds are
 * called alike.
 */
const LIBC: Record<keyof CFunctions, string> = {
  close: "int close(int fd)",
  fcntl: "int fcntl(int fd, int command, int argument)",
  read: "intptr_t read(int fd, uintptr_t buffer, size_t length)",
  readView: "intptr_t read(int fd, void *buffer, size_t length)",
  write: "intptr_t write(int fd, void *buffer, size_t length)",
  pipe2: "int pipe2(void *fds, int flags)",
  poll: "int poll(void *fds, unsigned long count, int timeout)",
  pthread_sigmask: "int pthread_sigmask(int how, void *set, uintptr_t old)",

  socket: "int socket(int family, int type, int proto)",
  socketpair: "int socketpair(int family, int type, int proto, void *fds)",
  bind: "int bind(int fd, uintptr_t name, uint32_t length)",
  listen: "int listen(int fd, int backlog)",
  accept4: "int accept4(int fd, uintptr_t name, uintptr_t length, int flags)",
  connect: "int connect(int fd, uintptr_t name, uint32_t length)",
  shutdown: "int shutdown(int fd, int how)",
  getsockname: "int getsockname(int fd, uintptr_t name, uintptr_t length)",
  getpeername: "int getpeername(int fd, uintptr_t name, uintptr_t length)",
  getsockopt: "int getsockopt(int fd, int level, int option, void *value, void *length)",
  setsockopt: "int setsockopt(int fd, int level, int option, void *value, uint32_t length)",
  recv: "intptr_t recv(int fd, uintptr_t buffer, size_t length, int flags)",
  recvView: "intptr_t recv(int fd, void *buffer, size_t length, int flags)",
  recvfrom: "intptr_t recvfrom(int fd, void *buffer, size_t length, int flags, uintptr_t name, uintptr_t nameLength)",
  sendmmsg: "int sendmmsg(int fd, uintptr_t headers, uint32_t count, int flags)",
  recvmmsg: "int recvmmsg(int fd, uintptr_t headers, uint32_t count, int flags, uintptr_t timeout)",
  sendmsg: "intptr_t sendmsg(int fd, uintptr_t header, int flags)",
  recvmsg: "intptr_t recvmsg(int fd, uintptr_t header, int flags)",
  send: "intptr_t send(int fd, void *buffer, size_t length, int flags)",
  sendFrom: "intptr_t send(int fd, uintptr_t buffer, size_t length, int flags)",
  sendfile: "intptr_t sendfile(int socket, int file, uintptr_t offset, size_t length)",
  sendto: "intptr_t sendto(int fd, void *buffer, size_t length, int flags, uintptr_t name, uint32_t nameLength)",
  inet_pton: "int inet_pton(int family, const char *text, void *bytes)",
  inet_ntop: "uintptr_t inet_ntop(int family, void *bytes, void *text, uint32_t length)",
  if_nametoindex: "uint32_t if_nametoindex(const char *name)",

  getaddrinfo: "int getaddrinfo(uintptr_t host, uintptr_t service, uintptr_t hints, uintptr_t list)",
  freeaddrinfo: "void freeaddrinfo(uintptr_t list)",
  getnameinfo:
    "int getnameinfo(uintptr_t name, uint32_t nameLength, uintptr_t host, uint32_t hostLength, uintptr_t service, uint32_t serviceLength, int flags)",
  gai_strerror: "const char *gai_strerror(int status)",
  memcpy: "void memcpy(uintptr_t to, uintptr_t from, size_t length)",
  strnlen: "size_t strnlen(uintptr_t text, size_t length)",

  epoll_create1: "int epoll_create1(int flags)",
  epoll_ctl: "int epoll_ctl(int epoll, int operation, int fd, uintptr_t event)",
  epoll_wait: "int epoll_wait(int epoll, uintptr_t events, int capacity, int timeout)",
  epoll_pwait2:
    "long syscall(long call, int epoll, uintptr_t events, int capacity, uintptr_t timeout, uintptr_t mask, size_t maskBytes)",
  eventfd: "int eventfd(uint32_t initial, int flags)",
  timerfd_create: "int timerfd_create(int clock, int flags)",
  timerfd_settime: "int timerfd_settime(int fd, int flags, uintptr_t value, uintptr_t old)",

  dladdr: "int dladdr(uintptr_t address, void *info)",
  dlopen: "uintptr_t dlopen(uintptr_t path, int flags)",
  dlsym: "uintptr_t dlsym(uintptr_t library, const char *name)",
};

/** The part of libuv and Node-API that the node binary exports and that `uv-watch.ts` and `thread-end.ts` need. */
export interface UvFunctions {
  napi_get_uv_event_loop(env: bigint, loop: Pointer): number;
  napi_add_env_cleanup_hook(env: bigint, call: bigint, argument: bigint): number;
  napi_remove_env_cleanup_hook(env: bigint, call: bigint, argument: bigint): number;
  uv_walk(loop: bigint, visit: bigint, argument: bigint): void;
  uv_handle_get_type(handle: bigint): number;
  uv_fileno(handle: bigint, fd: Pointer): number;
  uv_poll_start(handle: bigint, events: number, callback: bigint): number;
  uv_poll_stop(handle: bigint): number;
}

const LIBUV: Record<keyof UvFunctions, string> = {
  napi_get_uv_event_loop: "int napi_get_uv_event_loop(uintptr_t env, void *loop)",
  napi_add_env_cleanup_hook: "int napi_add_env_cleanup_hook(uintptr_t env, uintptr_t call, uintptr_t argument)",
  napi_remove_env_cleanup_hook: "int napi_remove_env_cleanup_hook(uintptr_t env, uintptr_t call, uintptr_t argument)",
  uv_walk: "void uv_walk(uintptr_t loop, uintptr_t visit, uintptr_t argument)",
  uv_handle_get_type: "int uv_handle_get_type(uintptr_t handle)",
  uv_fileno: "int uv_fileno(uintptr_t handle, void *fd)",
  uv_poll_start: "int uv_poll_start(uintptr_t handle, int events, uintptr_t callback)",
  uv_poll_stop: "int uv_poll_stop(uintptr_t handle)",
};

/** koffi's undocumented handle around a `uv_poll_t`. After `close()` any other call on it crashes the process. */
export interface PollHandle {
  close(): void;
  ref(): void;
  unref(): void;
}

/** The part of koffi that we use; its own types leave out `node`. */
export interface Koffi {
  load(path: null): { func(prototype: string): (...args: never[]) => unknown };
  errno(): number;
  address(view: Uint8Array): bigint;
  register(callback: (...args: never[]) => void, type: unknown): bigint;
  unregister(callback: bigint): void;
  proto(result: string, parameters: string[]): unknown;
  pointer(type: unknown): unknown;
  stats(): { callbacks: number };
  readonly node: { env: bigint; poll(fd: number, callback: () => void): PollHandle };
}

/** The functions of the table, and errno of the call just made: read it before anything else is done. */
export type Libc = CFunctions & Pick<Koffi, "errno">;

let koffi: Koffi | undefined;
let libcFunctions: Libc | undefined;
let libuvFunctions: UvFunctions | undefined;

/**
 * The C library.
 *
 * @throws UnsupportedError `ERR_UNSUPPORTED_PLATFORM` where koffi or one of the functions is missing.
 */
export function libc(): Libc {
  if (libcFunctions === undefined) {
    const { errno } = loadKoffi();
    // What is built name by name is a hash table to V8; a prototype is not, so calls through this one find their function at once.
    libcFunctions = Object.create(Object.assign(declare<CFunctions>(LIBC), { errno })) as Libc;
  }
  return libcFunctions;
}

/**
 * The libuv inside the node binary.
 *
 * @throws UnsupportedError `ERR_UNSUPPORTED_PLATFORM` in runtimes that are not built on libuv.
 */
export function libuv(): UvFunctions {
  if (libuvFunctions === undefined) {
    const runtime = process.versions.bun ? "Bun" : process.versions.deno ? "Deno" : undefined;
    if (runtime !== undefined) {
      throw unsupported(`${runtime} has no libuv loop that could watch a descriptor. Run it under Node`);
    }
    libuvFunctions = declare<UvFunctions>(LIBUV);
  }
  return libuvFunctions;
}

/**
 * koffi itself, for the few callers that need more than a function of the table.
 *
 * @throws UnsupportedError `ERR_UNSUPPORTED_PLATFORM`
 */
export function loadKoffi(): Koffi {
  if (koffi === undefined) {
    if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) {
      throw unsupported(`this is ${process.platform} on ${process.arch}, and real loops need Linux on x64 or arm64`);
    }
    try {
      koffi = requireKoffi();
    } catch (error) {
      const hint = "Install without --omit=optional, and with --allow-addons under Node's permission model";
      throw unsupported(`the package koffi could not be loaded (${firstLine(messageOf(error))}). ${hint}`, error);
    }
  }
  return koffi;
}

/**
 * koffi's native module, without the JavaScript around it if that can be: it looks for the right file and adds deprecated names,
 * and takes twice as long to load as what it finds. Where the file is not in its usual place, koffi looks for it itself.
 */
function requireKoffi(): Koffi {
  const { arch } = process;
  const require = createRequire(import.meta.url);
  if (!existsSync(arch === "x64" ? "/lib/ld-musl-x86_64.so.1" : "/lib/ld-musl-aarch64.so.1")) {
    try {
      const native = `@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`;
      return createRequire(require.resolve("koffi"))(native) as Koffi;
    } catch {
      // The errors of koffi itself say more.
    }
  }
  return require("koffi") as Koffi;
}

/** How many callbacks native code may still call: one for each open watch. Loads nothing. */
export function registeredCallbacks(): number {
  return koffi === undefined ? 0 : koffi.stats().callbacks;
}

function declare<Functions>(prototypes: Record<keyof Functions, string>): Functions {
  const library = loadKoffi().load(null);
  const functions: Record<string, unknown> = {};
  for (const [name, prototype] of Object.entries<string>(prototypes)) {
    try {
      functions[name] = library.func(prototype);
    } catch (error) {
      throw unsupported(`the function "${prototype}" is missing (${firstLine(messageOf(error))})`, error);
    }
  }
  return functions as Functions;
}

function unsupported(what: string, cause?: unknown): UnsupportedError {
  const text = `wasyncio cannot reach the operating system: ${what}. VirtualEventLoop works everywhere`;
  const error = new UnsupportedError("ERR_UNSUPPORTED_PLATFORM", text);
  if (cause !== undefined) error.cause = cause;
  return error;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] as string;
}
