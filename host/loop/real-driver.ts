/**
 * The driver of a real loop.
 *
 * Owns: making it with a selector for this platform, and letting go of an fd's watches when the fd is closed.
 */
import type { Driver } from "../scheduler/driver.js";
import { GuestDriver } from "../scheduler/guest-driver.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import { EpollSelector } from "../selector/epoll-selector.js";
import { closeListeners } from "../sys/fd.js";

/**
 * Makes a guest of Node's loop on epoll.
 *
 * @throws UnsupportedError `ERR_UNSUPPORTED_PLATFORM`
 */
export function realDriver(attach: (driver: Driver) => Scheduler): void {
  const selector = new EpollSelector();
  const forget = (fd: number): void => {
    scheduler.unwatch(fd, "reader");
    scheduler.unwatch(fd, "writer");
  };
  const driver = new GuestDriver(selector, () => closeListeners.delete(forget));
  const scheduler = attach(driver);
  driver.attach(scheduler);
  closeListeners.add(forget);
}
