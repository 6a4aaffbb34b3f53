/**
 * The model test: long random programs run on the core and on a model of plain arrays at once, and never differ.
 *
 * Each seed makes a program that runs in both forms of an iteration, one by one and in parts; where no callback is fatal both must also
 * leave the same trace. A failure names the seed and the number of the first operation that differed.
 */
import * as core from "../../assembly/index";
import { FDS, Fd } from "./model";
import { Program } from "./model-program";
import { install } from "./scripted-host";
import { done, eq, note, test } from "./tap";

const SEEDS: u32[] = [1, 42, 1969, 31337, 65537, 271828, 314159, 0xc0ffee, 0xdeadbeef, 0xffffffff];
const RESOLUTIONS: f64[] = [0.0009765625, 0, 0.3, 1e-9];
const ITERATIONS: i32 = 1000;

/** The core's generations of fds go on from one program to the next, so the model's do too. */
const fds: Fd[] = [];
for (let fd = 0; fd < FDS; fd++) fds.push(new Fd());

let operations: i32 = 0;

/** Runs the program of a seed to its end. */
function runProgram(number: i32, inParts: bool, withFatal: bool): Program {
  core.clear();
  const resolution = RESOLUTIONS[number % RESOLUTIONS.length];
  core.init(resolution);
  const program = new Program(SEEDS[number], fds, resolution, withFatal);
  install(program);
  for (let iteration = 0; iteration < ITERATIONS && program.failure == ""; iteration++) {
    program.operate();
    program.operate();
    if (inParts) program.iterateInParts();
    else program.iterate();
  }
  program.finish(inParts, 200);
  note(
    `seed ${SEEDS[number]}${inParts ? ", in parts" : ""}: ${program.operations} operations, ${program.model.created} things`,
  );
  eq(program.failure, "", `seed ${SEEDS[number]}`);
  operations += program.operations;
  return program;
}

test("random programs run on the core as they do on the model, in both forms with the same trace", () => {
  for (let number = 0; number < SEEDS.length; number++) {
    const one = runProgram(number, false, false);
    const parts = runProgram(number, true, false);
    eq(parts.trace, one.trace, `trace of seed ${SEEDS[number]}`);
    eq(parts.operations, one.operations);
  }
});

test("so do programs with fatal callbacks, in each form for itself", () => {
  for (let number = 0; number < SEEDS.length; number++) {
    runProgram(number, false, true);
    runProgram(number, true, true);
  }
});

test("the programs did enough to mean something", () => {
  note(`${operations} operations`);
  eq(operations > 300_000, true);
});

done();
