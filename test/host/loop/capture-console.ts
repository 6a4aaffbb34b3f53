/** What is written to the console, for tests of warnings and of the default exception handler. */

/** Runs `body` and returns the arguments of every call of `console[method]`, in one list. Nothing is printed. */
export function captureConsole(method: "error" | "warn", body: () => void): unknown[] & string[] {
  const original = console[method];
  const written: unknown[] = [];
  console[method] = (...args: unknown[]) => written.push(...args);
  try {
    body();
  } finally {
    console[method] = original;
  }
  return written as unknown[] & string[];
}

/** The same for a body that is async. */
export async function captureConsoleDuring(method: "error" | "warn", body: () => Promise<void>): Promise<string[]> {
  const original = console[method];
  const written: string[] = [];
  console[method] = (...args: unknown[]) => written.push(args.map(String).join(" "));
  try {
    await body();
  } finally {
    console[method] = original;
  }
  return written;
}
