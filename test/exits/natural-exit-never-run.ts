// expect: code=0 signal=null
/** A loop that has much to do and is never run keeps nothing alive. */
import { BusyLoop } from "./busy-loop.js";

new BusyLoop();
