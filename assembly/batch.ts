/**
 * The batch in memory: what `takeReady` hands to a host whose calls into Wasm are slow.
 *
 * Owns: the batch records, and taking back a record whose callback was cancelled by an earlier one of the same batch: its id turns
 * into NO_ID. The slots of a batch are released when the next one is taken, so no id in it can be reused while it runs; until then a
 * call that has run can still be cancelled, to no effect.
 *
 * Does not own: which ids go into it (`loop.ts`).
 */
import { BATCH_CAPACITY, BATCH_RECORD_BYTES, BatchAction, NO_ID } from "./abi";
import { Flag, release, slotOf, staysAfterRun } from "./slots";

const records: usize = memory.data(<i32>BATCH_CAPACITY * <i32>BATCH_RECORD_BYTES, 8);
/** The ids to release when the batch ends. */
const owned: usize = memory.data(<i32>BATCH_CAPACITY * 4, 4);
let size: i32 = 0;

/** Where the records are: see `abi.ts`, also for how long they are valid. The address stays. */
export function batchBuffer(): usize {
  return records;
}

/** Ids in the batch. */
export function batchSize(): i32 {
  return size;
}

/** Appends a callback; the batch must not be full. */
export function addCallback(id: i32): void {
  const slot = slotOf(id);
  slot.flags |= <u8>Flag.Taken;
  slot.next = size;
  add(id, id, BatchAction.Dispatch);
}

/** Appends a task's step. Nothing is released for it: a task ends by its own answer. */
export function addTask(id: i32, action: BatchAction): void {
  slotOf(id).flags |= <u8>Flag.Taken;
  add(id, NO_ID, action);
}

/** Appends a series of so many calls. */
export function addSeries(length: i32): void {
  add(length, NO_ID, BatchAction.RunSeries);
}

/** Whether a task's step was handed out and not answered; it is answered now. */
export function takeStep(id: i32): bool {
  const slot = slotOf(id);
  if (!(slot.flags & <u8>Flag.Taken)) return false;
  slot.flags &= ~(<u8>Flag.Taken);
  return true;
}

/** Takes the record of a cancelled callback back, if the batch holds it. */
export function withdraw(id: i32): void {
  const slot = slotOf(id);
  if (slot.flags & <u8>Flag.Taken) store<i32>(records + <usize>slot.next * BATCH_RECORD_BYTES, NO_ID);
}

/** Ends the batch: releases what has run, and what was cancelled while it was part of it. */
export function endBatch(): void {
  for (let index = 0; index < size; index++) {
    const id = load<i32>(owned + ((<usize>index) << 2));
    if (id == NO_ID) continue;
    const slot = slotOf(id);
    slot.flags &= ~(<u8>Flag.Taken);
    // A watch or the like may have become ready again meanwhile: then it is the queue that refers to it last.
    const isRetired = (slot.flags & (<u8>Flag.Cancelled | <u8>Flag.Queued)) == <u8>Flag.Cancelled;
    if (isRetired || !staysAfterRun(id)) release(id);
  }
  size = 0;
}

/** Ends the batch, and turns each of its records into NO_ID, for a host that is in the middle of it. */
export function dropBatch(): void {
  memory.fill(records, 0, <usize>size * BATCH_RECORD_BYTES);
  endBatch();
}

function add(id: i32, own: i32, action: BatchAction): void {
  store<i32>(owned + ((<usize>size) << 2), own);
  const record = records + <usize>size * BATCH_RECORD_BYTES;
  store<i32>(record, id);
  store<i32>(record, action, 4);
  size++;
}
