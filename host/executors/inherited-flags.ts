/**
 * The flags of Node that workers get from the process that starts them.
 *
 * Owns: which of ours a worker can start with, thread or process. Threads have all by themselves, and processes none.
 *
 * From: CPython 3.11 subprocess `_args_from_interpreter_flags`, by which multiprocessing starts its children.
 */

/** Flags of a program that was given as text on the command line. */
const OF_TEXT = /^(--input-type.*|-e|-p|-pe|--eval|--print)$/;
/** Those of them behind which the text stands. */
const TAKES_TEXT = /^(-e|-p|-pe|--eval|--print)$/;

/** Flags that say how modules are found and read. Without them a worker could not import what the program itself can. */
const OF_MODULES =
  /^(-r|-C|--(require|import|conditions|(experimental-)?loader)|--(no-)?((experimental-)?(strip|transform)-types|enable-source-maps|preserve-symlinks))(=|$)/;
/** Those of them behind which a value stands. */
const TAKES_VALUE = /^(-r|-C|--(require|import|conditions|(experimental-)?loader))$/;

/** Flags for threads, or undefined where Node passes on what is right. A program that came as text has flags with which no file starts. */
export function flagsForThreads(flags: readonly string[] = process.execArgv): string[] | undefined {
  if (!flags.some((flag) => flag.startsWith("--input-type"))) return undefined;
  return flags.filter((flag, index) => !OF_TEXT.test(flag) && !TAKES_TEXT.test(flags[index - 1] ?? ""));
}

/** Flags for processes: those of modules alone, since others are about one process, such as its port for debuggers. */
export function flagsForProcesses(flags: readonly string[] = process.execArgv): string[] {
  const chosen: string[] = [];
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] as string;
    if (TAKES_TEXT.test(flag)) {
      index++;
    } else if (OF_MODULES.test(flag)) {
      chosen.push(flag);
      if (TAKES_VALUE.test(flag)) chosen.push(flags[++index] as string);
    }
  }
  return chosen;
}
