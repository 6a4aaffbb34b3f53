/**
 * The host of the core's own tests: in a build for WASI the core's imports end here instead of in a real host.
 *
 * Owns: the nine functions that `assembly/host.ts` calls, and which `Host` object answers them. A test installs its own.
 *
 * Does not own: any behaviour: `script.ts` is the host of the unit tests, `model-program.ts` that of the model test. A release build only
 * parses this file, so its one variable is lazy.
 */

/** What a host answers when a test does not say otherwise. */
export class Host {
  now(): f64 {
    return 0;
  }

  select(_timeoutSeconds: f64): i32 {
    return 0;
  }

  watch(_fd: i32, _interest: i32, _generation: i32): i32 {
    return 0;
  }

  dispatch(_id: i32): i32 {
    return 0;
  }

  runSeries(_length: i32): i32 {
    return 0;
  }

  resume(_task: i32, _how: i32): i32 {
    return 0;
  }

  taskDone(_task: i32, _state: i32): void {}

  cancelWaiter(_task: i32): i32 {
    return 0;
  }

  report(_what: i32, _id: i32): i32 {
    return 0;
  }
}

// @ts-ignore: decorator
@lazy
let host: Host = new Host();

/** Lets `next` answer from now on. */
export function install(next: Host): void {
  host = next;
}

export function now(): f64 {
  return host.now();
}

export function select(timeoutSeconds: f64): i32 {
  return host.select(timeoutSeconds);
}

export function watch(fd: i32, interest: i32, generation: i32): i32 {
  return host.watch(fd, interest, generation);
}

export function dispatch(id: i32): i32 {
  return host.dispatch(id);
}

export function runSeries(length: i32): i32 {
  return host.runSeries(length);
}

export function resume(task: i32, how: i32): i32 {
  return host.resume(task, how);
}

export function taskDone(task: i32, state: i32): void {
  host.taskDone(task, state);
}

export function cancelWaiter(task: i32): i32 {
  return host.cancelWaiter(task);
}

export function report(what: i32, id: i32): i32 {
  return host.report(what, id);
}
