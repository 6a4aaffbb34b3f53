/**
 * The results as a picture: horizontal bars in groups, two groups beside each other, written as SVG by hand.
 *
 * Owns: the layout and the colours. Every group has its own scale from 0 to its longest bar, so that a bar twice as long
 * always costs twice as much; a thin line at a bar's end spans the lowest and the highest repetition.
 *
 * Does not own: what is shown; each suite answers its sections.
 */
import { number } from "./table.mjs";

const WIDTH = 1040;
const MARGIN = 40;
const GAP = 56;
const COLUMN = (WIDTH - 2 * MARGIN - GAP) / 2;
const LABEL = 124;
const VALUE = 78;
const BAR_HEIGHT = 16;
const BAR_PITCH = 23;
const GROUP_HEAD = 30;
const GROUP_GAP = 26;
const SECTION_HEAD = 74;
const HEAD = 92;
const FOOT = 34;

const COLOURS = {
  wasyncio: "#4338ca",
  "wasyncio virtual": "#8b85ec",
  "wasyncio buffered": "#8b85ec",
  uvloop: "#94a3b8",
  asyncio: "#c3ccd8",
  "node:net": "#7fae9b",
  "node:dgram": "#7fae9b",
  "node:tls": "#7fae9b",
  "C epoll": "#e2b96f",
};
const OTHER_COLOUR = "#94a3b8";

/**
 * Draws the sections.
 *
 * @param {{ title: string, subtitle: string, groups: { title: string, note: string, unit: string,
 *   bars: { label: string, found: { median: number, low: number, high: number } | undefined }[] }[] }[]} sections bars
 *   without a figure are left out, and so are groups and sections without bars
 * @param {Record<string, string>} machine as `describeMachine` answers
 * @returns {string} the SVG document
 */
export function drawChart(sections, machine) {
  const shown = sections.map(withoutGaps).filter(({ groups }) => groups.length > 0);
  const parts = [];
  let top = HEAD;
  for (const section of shown) {
    const drawn = drawSection(section, top);
    parts.push(drawn.svg);
    top = drawn.bottom;
  }
  const height = top + FOOT;
  const about = `${machine.cpu} · ${machine.system} · Node ${machine.node} · ${machine.python} · uvloop ${machine.uvloop} · ${machine.date}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="wasyncio benchmarks">
<style>
text { font-family: Inter, ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif; fill: #334155; font-size: 12.5px; }
.title { font-size: 25px; font-weight: 700; fill: #0f172a; }
.section { font-size: 17px; font-weight: 700; fill: #0f172a; }
.group { font-size: 13.5px; font-weight: 600; fill: #0f172a; }
.quiet { fill: #64748b; }
.note { fill: #4338ca; font-weight: 600; }
.ours { fill: #4338ca; font-weight: 700; }
.value { font-variant-numeric: tabular-nums; }
</style>
<rect width="${WIDTH}" height="${height}" rx="14" fill="#ffffff"/>
<text class="title" x="${MARGIN}" y="50">wasyncio beside its peers</text>
<text class="quiet" x="${MARGIN}" y="72">${escaped(about)}</text>
${parts.join("\n")}
<text class="quiet" x="${MARGIN}" y="${height - 20}">Shorter is better. Each group has its own scale; the thin line spans all repetitions. Made by: npm run bench</text>
</svg>
`;
}

function withoutGaps(section) {
  const groups = section.groups
    .map((group) => ({ ...group, bars: group.bars.filter(({ found }) => found !== undefined) }))
    .filter(({ bars }) => bars.length > 0);
  return { ...section, groups };
}

function drawSection({ title, subtitle, groups }, top) {
  const parts = [
    `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${top + 8}" y2="${top + 8}" stroke="#e2e8f0"/>`,
    `<text class="section" x="${MARGIN}" y="${top + 36}">${escaped(title)}<tspan class="quiet" font-size="12.5" font-weight="400" dx="12">${escaped(subtitle)}</tspan></text>`,
  ];
  let rowTop = top + SECTION_HEAD;
  for (let index = 0; index < groups.length; index += 2) {
    const row = groups.slice(index, index + 2);
    row.forEach((group, column) => {
      parts.push(drawGroup(group, MARGIN + column * (COLUMN + GAP), rowTop));
    });
    rowTop += GROUP_HEAD + Math.max(...row.map(({ bars }) => bars.length)) * BAR_PITCH + GROUP_GAP;
  }
  return { svg: parts.join("\n"), bottom: rowTop };
}

function drawGroup({ title, note, unit, bars }, left, top) {
  const longest = Math.max(...bars.map(({ found }) => found.high));
  const scale = (COLUMN - LABEL - VALUE) / longest;
  const start = left + LABEL;
  const rows = bars.map(({ label, found }, index) => {
    const y = top + GROUP_HEAD + index * BAR_PITCH - 12;
    const middle = y + BAR_HEIGHT / 2;
    const ours = label.startsWith("wasyncio") ? " ours" : "";
    const low = start + found.low * scale;
    const high = start + found.high * scale;
    return [
      `<text class="${ours.trim()}" x="${start - 10}" y="${middle + 4.5}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${start}" y="${y}" width="${fixed(Math.max(1.5, found.median * scale))}" height="${BAR_HEIGHT}" rx="2.5" fill="${COLOURS[label] ?? OTHER_COLOUR}"/>`,
      `<line x1="${fixed(low)}" x2="${fixed(high)}" y1="${middle}" y2="${middle}" stroke="#0f172a" stroke-opacity="0.55"/>`,
      `<text class="value${ours}" x="${fixed(Math.max(high, start + found.median * scale) + 7)}" y="${middle + 4.5}">${number(found.median)} ${escaped(unit)}</text>`,
    ].join("\n");
  });
  return [
    `<text class="group" x="${left}" y="${top}">${escaped(title)}</text>`,
    `<text class="note" x="${left + COLUMN}" y="${top}" text-anchor="end">${escaped(note)}</text>`,
    ...rows,
  ].join("\n");
}

function fixed(value) {
  return Number(value.toFixed(1));
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
