/** Watches: what the selector is asked, whom an event wakes, and replacing and removing in every state. */
import { FD_MAX, NO_ID, Readiness, Status } from "../../assembly/abi";
import { clear } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import { isAlive, liveSlots } from "../../assembly/slots";
import { addReader, addWriter, readerOf, removeReader, removeWriter, writerOf } from "../../assembly/watches";
import { begin, fdEvent, heard, iterate, raise, reader, script, soon, writer } from "./script";
import { Host, install } from "./scripted-host";
import { done, eq, test } from "./tap";

const EBADF: i32 = -9;
const EPERM: i32 = -1;

/** What the selector was last asked: fd, interest and generation, or nothing since `begin`. */
function asked(): string {
  return `${script.watchFd}:${script.watchInterest}#${script.watchGeneration}`;
}

let replaced: i32 = 0;

test("a watch asks for its side, and for both when there are two", () => {
  begin();
  const first = reader(3, "r");
  const generation = script.watchGeneration;
  eq(first > 0, true);
  eq(generation > 0, true);
  eq(asked(), `3:${Readiness.Read}#${generation}`);
  writer(3, "w");
  eq(asked(), `3:${Readiness.Read | Readiness.Write}#${generation}`);
  eq(readerOf(3), first);
});

test("removing one side keeps the other, and removing both asks for nothing", () => {
  begin();
  const r = reader(3, "r");
  const w = writer(3, "w");
  const generation = script.watchGeneration;
  eq(removeReader(3), r);
  eq(asked(), `3:${Readiness.Write}#${generation}`);
  eq(readerOf(3), NO_ID);
  eq(writerOf(3), w);
  eq(removeWriter(3), w);
  eq(asked(), `3:${Readiness.None}#${generation}`);
  eq(liveSlots(), 0);
});

test("removing what is not watched answers NO_ID and asks nothing", () => {
  begin();
  eq(removeReader(5), NO_ID);
  eq(removeWriter(5), NO_ID);
  writer(5, "w");
  const calls = script.watchCalls;
  eq(removeReader(5), NO_ID);
  eq(script.watchCalls, calls);
});

test("an event wakes the side that it is for, as often as it comes", () => {
  begin();
  reader(3, "r");
  writer(3, "w");
  const generation = script.watchGeneration;
  fdEvent(3, Readiness.Read, generation);
  iterate();
  eq(heard(), "r");
  fdEvent(3, Readiness.Write, generation);
  iterate();
  eq(heard(), "w");
  fdEvent(3, Readiness.Read, generation);
  iterate();
  eq(heard(), "r");
});

test("the reader comes before the writer of its fd, and fds come in the order of their events", () => {
  begin();
  writer(4, "w4");
  reader(4, "r4");
  const generation = script.watchGeneration;
  writer(3, "w3");
  reader(3, "r3");
  fdEvent(4, Readiness.Write | Readiness.Read, generation);
  fdEvent(3, Readiness.Write | Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "r4 w4 r3 w3");
});

test("a hang-up wakes both sides, whatever they asked for", () => {
  begin();
  reader(3, "r");
  writer(3, "w");
  fdEvent(3, Readiness.Hangup, script.watchGeneration);
  iterate();
  eq(heard(), "r w");
  removeReader(3);
  fdEvent(3, Readiness.Hangup, script.watchGeneration);
  iterate();
  eq(heard(), "w");
});

test("an event for a side that nobody watches wakes nobody", () => {
  begin();
  reader(3, "r");
  fdEvent(3, Readiness.Write, script.watchGeneration);
  fdEvent(3, Readiness.None, script.watchGeneration);
  iterate();
  eq(heard(), "");
  eq(readyCount(), 0);
});

test("two events for one watch in one iteration run it once", () => {
  begin();
  reader(3, "r");
  fdEvent(3, Readiness.Read, script.watchGeneration);
  fdEvent(3, Readiness.Read | Readiness.Hangup, script.watchGeneration);
  iterate();
  eq(heard(), "r");
});

test("each registration of an fd has a generation, and an event of another wakes nobody", () => {
  begin();
  reader(3, "old");
  const old = script.watchGeneration;
  removeReader(3);
  reader(3, "new");
  const fresh = script.watchGeneration;
  eq(fresh != old, true);
  fdEvent(3, Readiness.Read, old);
  iterate();
  eq(heard(), "");
  fdEvent(3, Readiness.Read, fresh);
  iterate();
  eq(heard(), "new");
});

test("an fd keeps its generation while one side of it is watched", () => {
  begin();
  reader(3, "r");
  const generation = script.watchGeneration;
  writer(3, "w");
  removeReader(3);
  reader(3, "r");
  eq(script.watchGeneration, generation);
});

test("an event for an fd that was never watched wakes nobody", () => {
  begin();
  fdEvent(3, Readiness.Read, 0);
  fdEvent(-1, Readiness.Read, 0);
  fdEvent(FD_MAX, Readiness.Read, 0);
  fdEvent(i32.MAX_VALUE, Readiness.Read, 1);
  fdEvent(i32.MIN_VALUE, Readiness.Read, 1);
  iterate();
  eq(heard(), "");
});

test("adding replaces: the old watch is gone, and its id names nothing", () => {
  begin();
  const old = reader(3, "old");
  const fresh = reader(3, "new");
  eq(isAlive(old), false);
  eq(readerOf(3), fresh);
  eq(liveSlots(), 1);
  eq(script.watchCalls, 2);
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "new");
});

test("replaced while it is queued, a watch does not run, and its successor waits for the next event", () => {
  begin();
  reader(3, "old");
  soon("replace", () => {
    replaced = reader(3, "new");
  });
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "replace");
  eq(liveSlots(), 1);
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "new");
});

test("removed while it is queued, a watch does not run", () => {
  begin();
  reader(3, "r");
  writer(3, "w");
  soon("remove", () => {
    removeReader(3);
  });
  fdEvent(3, Readiness.Read | Readiness.Write, script.watchGeneration);
  iterate();
  eq(heard(), "remove w");
  eq(liveSlots(), 1);
});

test("a watch may remove its fd's other side, which is queued behind it", () => {
  begin();
  writer(3, "w");
  reader(3, "r", () => {
    removeWriter(3);
  });
  fdEvent(3, Readiness.Hangup, script.watchGeneration);
  iterate();
  eq(heard(), "r");
  eq(liveSlots(), 1);
});

test("a watch may remove itself, and its slot is free at once", () => {
  begin();
  reader(3, "r", () => {
    removeReader(3);
    eq(liveSlots(), 0);
    soon("after");
  });
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "r");
  iterate();
  eq(heard(), "after");
});

test("a watch may replace itself", () => {
  begin();
  reader(3, "r", () => {
    replaced = reader(3, "s");
  });
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "r s");
  eq(readerOf(3), replaced);
});

test("a watch that raises is reported and stays", () => {
  begin();
  reader(3, "r", () => raise());
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "r r:raised");
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "r r:raised");
});

test("an error of the selector is handed on, and leaves things as they were", () => {
  begin();
  script.watchStatus = EPERM;
  eq(addReader(3), EPERM);
  eq(readerOf(3), NO_ID);
  eq(liveSlots(), 0);
  script.watchStatus = 0;
  const kept = reader(3, "kept");
  const generation = script.watchGeneration;
  script.watchStatus = EBADF;
  eq(addReader(3), EBADF);
  eq(addWriter(3), EBADF);
  eq(readerOf(3), kept);
  eq(writerOf(3), NO_ID);
  fdEvent(3, Readiness.Hangup, generation);
  iterate();
  eq(heard(), "kept");
  eq(liveSlots(), 1);
});

test("a registration that failed takes no generation", () => {
  begin();
  script.watchStatus = EBADF;
  addReader(3);
  const refused = script.watchGeneration;
  script.watchStatus = 0;
  reader(3, "r");
  eq(script.watchGeneration, refused);
});

test("an error of the selector while removing is none: the fd is closed already", () => {
  begin();
  const id = reader(3, "r");
  script.watchStatus = EBADF;
  eq(removeReader(3), id);
  eq(liveSlots(), 0);
});

test("fds reach from 0 to FD_MAX", () => {
  begin();
  const bad: i32[] = [-1, FD_MAX + 1, i32.MAX_VALUE, i32.MIN_VALUE];
  for (let index = 0; index < bad.length; index++) {
    eq(addReader(bad[index]), Status.BadFd);
    eq(addWriter(bad[index]), Status.BadFd);
    eq(removeReader(bad[index]), NO_ID);
    eq(removeWriter(bad[index]), NO_ID);
    eq(readerOf(bad[index]), NO_ID);
    eq(writerOf(bad[index]), NO_ID);
  }
  eq(script.watchCalls, 0);
  reader(0, "first");
  fdEvent(0, Readiness.Read, script.watchGeneration);
  reader(FD_MAX, "last");
  fdEvent(FD_MAX, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "first last");
});

test("watches stay where they are while the table grows", () => {
  begin();
  const ids: i32[] = [];
  for (let fd = 0; fd < 3000; fd++) ids.push(fd % 2 == 0 ? addReader(fd) : addWriter(fd));
  let intact = 0;
  for (let fd = 0; fd < 3000; fd++) if ((fd % 2 == 0 ? readerOf(fd) : writerOf(fd)) == ids[fd]) intact++;
  eq(intact, 3000);
});

test("after a clear nothing is watched, and an event of before wakes nobody", () => {
  begin();
  reader(3, "old");
  const old = script.watchGeneration;
  const calls = script.watchCalls;
  clear();
  eq(script.watchCalls, calls);
  eq(readerOf(3), NO_ID);
  eq(removeReader(3), NO_ID);
  reader(3, "new");
  fdEvent(3, Readiness.Read, old);
  iterate();
  eq(heard(), "");
});

/** Watches an fd for which the table has to grow, while the core asks for another one. */
class Nesting extends Host {
  watch(fd: i32, _interest: i32, _generation: i32): i32 {
    if (fd == 3) addReader(1000);
    return 0;
  }
}

test("a selector that watches another fd while it is asked loses none of the two", () => {
  begin();
  install(new Nesting());
  const id = addReader(3);
  eq(readerOf(3), id);
  eq(isAlive(readerOf(1000)), true);
  eq(removeReader(3), id);
  removeReader(1000);
  eq(liveSlots(), 0);
});

/** Loses everything while it is asked. */
class Clearing extends Host {
  status: i32 = 0;

  watch(_fd: i32, _interest: i32, _generation: i32): i32 {
    clear();
    return this.status;
  }
}

test("a selector that clears the core while it is asked leaves no watch", () => {
  const host = new Clearing();
  for (let status: i32 = 0; status > -2; status--) {
    begin();
    install(host);
    host.status = status;
    eq(addReader(3), Status.BadId);
    eq(readerOf(3), NO_ID);
    eq(liveSlots(), 0);
  }
});

done();
