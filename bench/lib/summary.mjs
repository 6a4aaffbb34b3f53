/**
 * The few groups of the chart that README.md shows.
 *
 * Owns: which they are. Where wasyncio is not the cheapest is among them.
 *
 * Does not own: the figures and their notes, which are those of the whole chart.
 */

/** The section and the group of each, and its title where it stands outside its section. */
const HEADLINES = [
  { section: "Scheduler", group: "callSoon batch of 1,000", title: "a callback" },
  { section: "Scheduler", group: "timers, 90 % cancelled", title: "a timer" },
  { section: "Scheduler", group: "task switches", title: "a task switch" },
  { section: "TCP echo", group: "100 connections, 1 KiB", title: "TCP echo, 100 connections, 1 KiB" },
  { section: "UDP echo", group: "a window of 64 datagrams, 64 B", title: "UDP echo, 64 B, 64 at a time" },
  { section: "TLS echo", group: "50 connections, 1 KiB", title: "TLS echo, 50 connections, 1 KiB" },
];

/**
 * Picks the groups out of the chart's sections.
 *
 * @param {Parameters<typeof import("./chart.mjs").drawChart>[0]} sections of every suite
 * @returns {typeof sections} one section
 */
export function summarize(sections) {
  const groups = HEADLINES.map(({ section, group, title }) => {
    const found = sections.find((each) => each.title === section)?.groups.find((each) => each.title === group);
    if (found === undefined) throw new Error(`the chart has no group "${group}" in a section "${section}"`);
    return { ...found, title };
  });
  return [
    {
      title: "What one operation costs",
      subtitle: "CPU of the process; “virtual” is the same core without Node's setImmediate",
      groups,
    },
  ];
}
