/**
 * The tests that the arguments of `subprocessExec` and `subprocessShell` are put to.
 *
 * Owns: refusing at the call what Node would refuse later, or what the kernel would refuse without saying which of them it means.
 *
 * Does not own: whether there is such a program, and whether it may be run: the kernel knows, when it is run.
 */
import { statSync } from "node:fs";
import { FD_MAX } from "../../assembly/abi.js";
import { checkBoolean, checkFileUrl, checkInteger, INT_MAX } from "../arguments.js";
import { describe, typeError, ValueError } from "../errors.js";
import { checkOpen } from "../net/checks.js";
import { ENOENT, ENOTDIR } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import type { SubprocessOptions } from "./spawn.js";
import { checkStdio } from "./stdio.js";

/** @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_INVALID_ARG_VALUE` */
export function checkProgram(program: string, args: readonly string[]): void {
  checkName("The program", program);
  for (const [index, argument] of args.entries()) checkText(`Argument ${index + 1} of the program`, argument);
}

/**
 * Tests the values of options; their names are known.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE` and as `checkStdio`; Error `ENOENT`,
 *   `ENOTDIR` and the like for a folder that is none, `EBADF` for a descriptor that is not open
 */
export function checkSubprocess(options: SubprocessOptions): void {
  checkStdio(options);
  if (options.executable !== undefined) checkName("The option executable", options.executable);
  checkBoolean("startNewSession", options.startNewSession);
  for (const name of ["uid", "gid"] as const) {
    if (options[name] !== undefined) checkInteger(`The option ${name}`, options[name], 0, INT_MAX);
  }
  const { cwd, env, passFds = [] } = options;
  if (env !== undefined && env !== null) checkEnvironment(env);
  if (!Array.isArray(passFds)) {
    throw typeError(
      "ERR_INVALID_ARG_TYPE",
      `The option passFds must be an array of descriptors, not ${describe(passFds)}`,
    );
  }
  for (const fd of passFds) checkOpen(checkInteger("A descriptor to pass", fd, 0, FD_MAX));
  if (cwd !== undefined && cwd !== null) checkFolder(cwd);
}

/** What a program is given ends at the first NUL. @throws as `checkProgram` */
export function checkText(what: string, value: unknown): void {
  if (typeof value !== "string") {
    const hint = Array.isArray(value) ? ": spread the array, as in ...args" : "";
    throw typeError("ERR_INVALID_ARG_TYPE", `${what} must be a string, not ${describe(value)}${hint}`);
  }
  if (value.includes("\0")) {
    throw invalidValue(`${what} can have no NUL character, which ${JSON.stringify(value)} has`);
  }
}

function checkName(what: string, value: unknown): void {
  checkText(what, value);
  if (value === "") throw invalidValue(`${what} is "": say which one is to be run`);
}

function checkEnvironment(env: NodeJS.ProcessEnv): void {
  // Arrays and maps are objects, and have their strings elsewhere.
  if (typeof env !== "object" || Symbol.iterator in env) {
    throw typeError(
      "ERR_INVALID_ARG_TYPE",
      `The option env must be an object of strings by name, not ${describe(env)}`,
    );
  }
  // As Node reads it: with what is inherited.
  for (const name in env) {
    checkText("A name in env", name);
    if (name.includes("=")) throw invalidValue(`A name in env can have no "=", which ends it, and ${name} has one`);
    if (env[name] !== undefined) checkText(`The option env.${name}`, env[name]);
  }
}

function checkFolder(cwd: unknown): void {
  const path = cwd instanceof URL ? checkFileUrl("The option cwd", cwd, "ERR_INVALID_ARG_VALUE") : cwd;
  // Node takes bytes as well, and then runs the child in our own directory.
  if (typeof path !== "string") {
    throw typeError("ERR_INVALID_ARG_TYPE", `The option cwd must be a string or a URL, not ${describe(cwd)}`);
  }
  checkText("The option cwd", path);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return;
  // The kernel would say the same of a program that is not there.
  const [errno, problem] = stats ? [ENOTDIR, "is no folder"] : [ENOENT, "does not exist"];
  throw systemError("chdir", errno, { message: `the option cwd is ${JSON.stringify(path)}, which ${problem}` });
}

function invalidValue(message: string): ValueError {
  return new ValueError("ERR_INVALID_ARG_VALUE", message);
}
