/**
 * The public names, one line a concept.
 */
export * from "./constants.js";
export {
  BrokenBarrierError,
  CancelledError,
  FatalError,
  IncompleteReadError,
  InvalidStateError,
  KeyboardInterrupt,
  LimitOverrunError,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  RuntimeError,
  SystemExit,
  TimeoutError,
  UnsupportedError,
  ValueError,
} from "./errors.js";
export { type ErrorCondition, ExceptionGroup } from "./exception-group.js";
export type { Executor, ShutdownOptions, Submission } from "./executors/executor.js";
export { PoolExecutor, type PoolExecutorOptions } from "./executors/pool-executor.js";
export { ProcessPoolExecutor } from "./executors/process-pool-executor.js";
export { type Executable, WorkerFunction, workerFunction } from "./executors/shipped-function.js";
export { ThreadPoolExecutor } from "./executors/thread-pool-executor.js";
export { type Transferable, transfer } from "./executors/transfer.js";
export { Work } from "./executors/work.js";
export type { Awaitable, Coroutine, Main } from "./futures/coroutine.js";
export { createEagerTaskFactory, eagerTaskFactory, type TaskConstructor } from "./futures/eager.js";
export { type DoneCallback, Future } from "./futures/future.js";
export type { PrintStackOptions, StackOptions } from "./futures/stack.js";
export { Task } from "./futures/task.js";
export type { CreateTaskOptions, TaskBody, TaskOptions } from "./futures/task-body.js";
export {
  type AsCompletedOptions,
  asCompleted,
  type CompletedIterator,
  type FutureOf,
  type FuturesInTurn,
} from "./loop/as-completed.js";
export type { Body } from "./loop/body.js";
export {
  captureCallGraph,
  type FutureCallGraph,
  formatCallGraph,
  type PrintGraphOptions,
  printCallGraph,
} from "./loop/call-graph.js";
export { EventLoop, type TaskFactory } from "./loop/event-loop.js";
export type { ExceptionContext, ExceptionHandler } from "./loop/exception-handler.js";
export type { FileDescriptorLike } from "./loop/file-descriptor.js";
export { type GatherOptions, gather } from "./loop/gather.js";
export {
  createTask,
  ensureFuture,
  getEventLoop,
  newEventLoop,
  setEventLoop,
  sleep,
  toThread,
} from "./loop/implicit-loop.js";
export { type ProgramOptions, Runner, type RunnerOptions, type RunOptions, run } from "./loop/runner.js";
export { getRunningLoop } from "./loop/running-loop.js";
export { shield } from "./loop/shield.js";
export type { LoopStatistics } from "./loop/statistics.js";
export { TaskGroup, taskGroup } from "./loop/task-group.js";
export { formatTaskTree, type PrintTreeOptions, printTaskTree } from "./loop/task-tree.js";
export { allTasks, currentTask } from "./loop/tasks.js";
export { Timeout, timeout, timeoutAt } from "./loop/timeout.js";
export { type ReturnWhen, type WaitOptions, type WaitResult, wait, waitFor } from "./loop/wait.js";
export type { Address, InetAddress, NamedAddress, UnixPath } from "./net/address.js";
export type { PipeLike } from "./net/checks.js";
export type { ConnectionOptions, LocalAddress } from "./net/connect.js";
export type { ServerOptions } from "./net/create-server.js";
export type { DatagramAddress, DatagramEndpointOptions } from "./net/datagram-endpoint.js";
export { DatagramTransport } from "./net/datagram-transport.js";
export type { ExtraInfo } from "./net/extra-info.js";
export type { FileLike, SendfileOptions } from "./net/file-source.js";
export type { WriteBufferLimits } from "./net/flow-control.js";
export { ifNametoindex, inetNtop, inetPton } from "./net/numeric-hosts.js";
export type { PeerCredentials } from "./net/peer-credentials.js";
export { FileDescriptor, pipe } from "./net/pipe.js";
export type { AddressInfo, ResolveOptions } from "./net/resolve.js";
export { Server } from "./net/server.js";
export { Socket, socketpair } from "./net/socket.js";
export { SSLContext, type SSLContextOptions } from "./net/ssl-context.js";
export type { StartTlsOptions } from "./net/start-tls.js";
export type { ClientTlsOptions, ServerTlsOptions } from "./net/tls-options.js";
export { Transport } from "./net/transport.js";
export { asDuplex, type DuplexOptions, TransportDuplex } from "./net/transport-duplex.js";
export type { BaseTransport, ReadTransport, WriteTransport } from "./net/transport-kinds.js";
export type { UnixConnectionOptions, UnixPathLike } from "./net/unix-connect.js";
export type { UnixServerOptions } from "./net/unix-server.js";
export type { SubprocessOptions } from "./processes/spawn.js";
export { DEVNULL, PIPE, STDOUT, type Stdio } from "./processes/stdio.js";
export { SubprocessTransport } from "./processes/subprocess-transport.js";
export { BufferedProtocol, DatagramProtocol, Protocol, type StreamProtocol, SubprocessProtocol } from "./protocols.js";
export { type Callback, partial } from "./scheduler/call.js";
export { Handle, TimerHandle } from "./scheduler/handle.js";
export type { StackFrame } from "./scheduler/user-frames.js";
export {
  type ClientConnected,
  openConnection,
  openUnixConnection,
  type StreamLimit,
  type Streams,
  startServer,
  startUnixServer,
} from "./streams/open-streams.js";
export {
  createSubprocessExec,
  createSubprocessShell,
  Process,
  ProcessInput,
  type ProcessOf,
  type ProcessOptions,
} from "./streams/process.js";
export { StreamReaderProtocol } from "./streams/stream-protocol.js";
export { StreamReader, type StreamReaderOptions } from "./streams/stream-reader.js";
export { StreamWriter, type WriterTlsOptions } from "./streams/stream-writer.js";
export { Barrier } from "./sync/barrier.js";
export { BoundedSemaphore } from "./sync/bounded-semaphore.js";
export { Condition } from "./sync/condition.js";
export { Event } from "./sync/event.js";
export type { Compare } from "./sync/items.js";
export { LifoQueue } from "./sync/lifo-queue.js";
export { Lock } from "./sync/lock.js";
export { PriorityQueue } from "./sync/priority-queue.js";
export { Queue } from "./sync/queue.js";
export { Semaphore } from "./sync/semaphore.js";
