/** docs/asyncio.md has a row for everything that asyncio's pages have, and cites tests that exist and run. */
import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as host from "../../host/index.js";
import { read, root } from "./repository.js";

/**
 * "Base Event Loop" and "Subprocess" of CPython 3.6, "Transferring files" of 3.7, and of 3.13 what "Synchronization Primitives", "Queues",
 * "Coroutines and Tasks" and "Runners" add; "Call Graph Introspection" of 3.14: their classes and methods, and
 * the arguments that are more than a callback or a socket.
 */
const page: Record<string, string> = {
  BaseEventLoop: "",
  AbstractEventLoop: "",
  run_forever: "",
  run_until_complete: "future",
  is_running: "",
  stop: "",
  is_closed: "",
  close: "",
  shutdown_asyncgens: "",
  call_soon: "args",
  call_soon_threadsafe: "",
  call_later: "delay",
  call_at: "when",
  time: "",
  create_future: "",
  create_task: "coro name eager_start",
  set_task_factory: "factory",
  get_task_factory: "",
  create_connection: "protocol_factory host port ssl family proto flags sock local_addr server_hostname",
  create_datagram_endpoint:
    "protocol_factory local_addr remote_addr family proto flags reuse_address reuse_port allow_broadcast sock",
  create_unix_connection: "protocol_factory path ssl sock server_hostname",
  create_server: "protocol_factory host port family flags sock backlog ssl reuse_address reuse_port",
  create_unix_server: "protocol_factory path sock backlog ssl",
  connect_accepted_socket: "protocol_factory sock ssl",
  add_reader: "fd",
  remove_reader: "",
  add_writer: "fd",
  remove_writer: "",
  sock_recv: "nbytes",
  sock_sendall: "data",
  sock_connect: "address",
  sock_accept: "",
  sendfile: "transport file offset count fallback",
  sock_sendfile: "file offset count fallback",
  getaddrinfo: "host port family type proto flags",
  getnameinfo: "sockaddr flags",
  connect_read_pipe: "protocol_factory pipe",
  connect_write_pipe: "protocol_factory pipe",
  add_signal_handler: "signum callback args",
  remove_signal_handler: "sig",
  run_in_executor: "executor func args",
  set_default_executor: "executor",
  set_exception_handler: "handler",
  get_exception_handler: "",
  default_exception_handler: "context",
  call_exception_handler: "context",
  get_debug: "",
  set_debug: "enabled",
  Server: "",
  "Server.close": "",
  "Server.wait_closed": "",
  "Server.sockets": "",
  Handle: "",
  "Handle.cancel": "",
  create_subprocess_exec: "args stdin stdout stderr limit",
  create_subprocess_shell: "cmd",
  subprocess_exec: "protocol_factory args stdin stdout stderr kwargs",
  subprocess_shell: "protocol_factory cmd",
  PIPE: "",
  STDOUT: "",
  DEVNULL: "",
  Process: "",
  "Process.wait": "",
  "Process.communicate": "input",
  "Process.send_signal": "",
  "Process.terminate": "",
  "Process.kill": "",
  "Process.stdin": "",
  "Process.stdout": "",
  "Process.stderr": "",
  "Process.pid": "",
  "Process.returncode": "",
  Lock: "",
  "Lock.acquire": "",
  "Lock.release": "",
  "Lock.locked": "",
  Event: "",
  "Event.wait": "",
  "Event.set": "",
  "Event.clear": "",
  "Event.is_set": "",
  Condition: "lock",
  "Condition.acquire": "",
  "Condition.notify": "n",
  "Condition.locked": "",
  "Condition.notify_all": "",
  "Condition.release": "",
  "Condition.wait": "",
  "Condition.wait_for": "predicate",
  Semaphore: "value",
  "Semaphore.acquire": "",
  "Semaphore.locked": "",
  "Semaphore.release": "",
  BoundedSemaphore: "value",
  Barrier: "parties",
  "Barrier.wait": "",
  "Barrier.reset": "",
  "Barrier.abort": "",
  "Barrier.parties": "",
  "Barrier.n_waiting": "",
  "Barrier.broken": "",
  BrokenBarrierError: "",
  Queue: "maxsize",
  "Queue.maxsize": "",
  "Queue.empty": "",
  "Queue.full": "",
  "Queue.get": "",
  "Queue.get_nowait": "",
  "Queue.join": "",
  "Queue.put": "",
  "Queue.put_nowait": "",
  "Queue.qsize": "",
  "Queue.task_done": "",
  "Queue.shutdown": "immediate",
  PriorityQueue: "",
  LifoQueue: "",
  QueueEmpty: "",
  QueueFull: "",
  QueueShutDown: "",
  eager_task_factory: "",
  create_eager_task_factory: "custom_task_constructor",
  TaskGroup: "",
  "TaskGroup.create_task": "name",
  timeout: "delay",
  timeout_at: "when",
  Timeout: "",
  "Timeout.when": "",
  "Timeout.reschedule": "when",
  "Timeout.expired": "",
  as_completed: "aws timeout",
  sleep: "delay result",
  gather: "aws return_exceptions",
  shield: "",
  wait_for: "timeout",
  wait: "timeout return_when",
  to_thread: "func args",
  current_task: "",
  all_tasks: "",
  Task: "",
  "Task.done": "",
  "Task.result": "",
  "Task.exception": "",
  "Task.add_done_callback": "",
  "Task.remove_done_callback": "",
  "Task.get_coro": "",
  "Task.get_name": "",
  "Task.set_name": "",
  "Task.get_stack": "limit",
  "Task.print_stack": "limit file",
  "Task.cancel": "msg",
  "Task.cancelled": "",
  "Task.uncancel": "",
  "Task.cancelling": "",
  run: "main debug loop_factory",
  Runner: "debug loop_factory",
  "Runner.run": "coro",
  "Runner.get_loop": "",
  "Runner.close": "",
  capture_call_graph: "limit",
  format_call_graph: "",
  print_call_graph: "file",
};

/** Its streams and its number are no methods, so only a real one has them. */
const child = await host.run(async () => {
  const made = await host.createSubprocessExec("true");
  await made.wait();
  return made;
});

const rows = read("docs/asyncio.md")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );

const citations = rows.flatMap(([asyncio, , tests = ""]) =>
  [...tests.matchAll(/\[[\w-]+\]\(([^)]+)\): "([^"]*)"/g)].map(([, path = "", title = ""]) => ({
    asyncio,
    path: normalize(join("docs", path)),
    title,
  })),
);

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What the cited test is made with, such as `test` or `test.onReal`; of a mutation, the word; undefined where there is none. */
function madeWith(path: string, title: string): string | undefined {
  if (path.endsWith(".json")) {
    const mutations: { keyword: string }[] = JSON.parse(read(path));
    return mutations.some(({ keyword }) => keyword === title) ? "mutation" : undefined;
  }
  const literal = JSON.stringify(title)
    .slice(1, -1)
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^ *([\\w.]+)\\(\\s*(["\`])${literal}\\2,`, "m").exec(read(path))?.[1];
}

test("everything on the pages has one row, in the order of the pages, and there are no others", () => {
  const expected = Object.entries(page).flatMap(([name, words]) => [
    name,
    ...words.split(" ").flatMap((word) => (word ? [`${name}(${word})`] : [])),
  ]);
  const listed = rows.map(([asyncio = ""]) => asyncio.replaceAll("`", ""));
  assert.equal(
    listed.filter((name) => !name.includes(" (")),
    expected,
  );
});

test("methods have the camelCase name, and exist", () => {
  const classes: Record<string, object> = {};
  for (const [name, one] of Object.entries(host)) if (typeof one === "function") classes[name] = one.prototype;
  classes.Process = child;
  for (const name of Object.keys(page).filter((key) => /^[a-z]|\./.test(key))) {
    const ours = camelCase(name);
    const [, wasyncio = ""] = rows.find(([asyncio]) => asyncio === `\`${name}\``) ?? [];
    assert.ok(wasyncio.startsWith(`\`${ours}\``), name);
    const [owner = "", member = ""] = ours.includes(".") ? ours.split(".") : ["", ours];
    // What is no method is a function of the package.
    assert.ok(
      member in (classes[owner] ?? host.EventLoop.prototype) || (owner === "" && Object.hasOwn(host, member)),
      name,
    );
  }
});

test("every row cites tests, or says that there is nothing yet, and says where it deviates", () => {
  const cited = new Set(citations.map(({ asyncio }) => asyncio));
  for (const [asyncio = "", wasyncio, tests, deviation, ...more] of rows) {
    assert.is(cited.has(asyncio), tests !== "not yet", asyncio);
    assert.ok(wasyncio && deviation && more.length === 0, asyncio);
  }
});

test("every citation is read as one", () => {
  const links = rows.reduce((sum, [, , tests = ""]) => sum + tests.split("](").length - 1, 0);
  assert.is(citations.length, links);
});

test("cited tests and mutations exist, and none is skipped", () => {
  const wrong = citations
    .filter(({ path }) => existsSync(join(root, path)))
    .filter(({ path, title }) => /^$|skip/.test(madeWith(path, title) ?? ""))
    .map(({ asyncio, path, title }) => `${asyncio}: ${path} has no such test that runs: ${title}`);
  const missing = citations.filter(({ path }) => !existsSync(join(root, path))).map(({ path }) => path);
  assert.equal([...missing, ...wrong], []);
});

test.run();
