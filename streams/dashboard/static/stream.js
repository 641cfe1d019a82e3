// Stream graph: bands of smoothed counts around a centre line (Havre et al. 2002, ThemeRiver), ordered inside-out so
// that what begins late stands outside (Byron and Wattenberg 2008).
import { h, s, color, plural, theirs } from "./dom.js";
import { curve, dayName, hourName, note, round, short, sum } from "./shapes.js";

const BIN = 4; // hours

export function stream({ starts, items }, { host, onpick, onlight }) {
  const width = host.clientWidth, wide = width > 640, height = wide ? 250 : 230, floor = height - 26;
  const bins = Math.floor(starts.length / BIN), offset = starts.length - bins * BIN;
  const counts = new Map(items.map((item) => [item.id, Array.from({ length: bins }, (_, b) => sum(item.posts.slice(offset + b * BIN, offset + (b + 1) * BIN)))]));
  const layers = insideOut(items.map((item) => ({ ...item, layer: smooth(counts.get(item.id)) })));
  const totals = Array.from({ length: bins }, (_, b) => sum(layers.map(({ layer }) => layer[b])));
  const scale = (floor - 18) / Math.max(1, ...totals);
  const x = (b) => (b / Math.max(1, bins - 1)) * width;
  const svg = s("svg", { class: "stream", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Posts over time of ${plural(items.length, "topic")}: ${items.map((item) => item.label).join("; ")}. The numbers are in the table below.` });
  for (const [b, at] of days(starts, offset, bins, width / 110)) {
    svg.append(s("line", { class: "grid", x1: x(b), x2: x(b), y1: 0, y2: floor }));
    if (x(b) + 76 < width) svg.append(s("text", { x: x(b) + 6, y: height - 8 }, dayName(at)));
  }
  let edge = totals.map((total) => floor / 2 + 4 - (total * scale) / 2);
  const bands = layers.map((one) => {
    const top = edge, bottom = edge.map((y, b) => y + one.layer[b] * scale);
    edge = bottom;
    const d = `${curve(top.map((y, b) => [x(b), y]))}${curve(bottom.map((y, b) => [x(b), y]).reverse()).replace("M", "L")}Z`;
    return { ...one, top, bottom, node: s("path", { class: "band", d, "data-id": one.id, style: { fill: color(one.id) } }) };
  });
  const guide = s("line", { class: "guide", y1: 0, y2: floor, visibility: "hidden" });
  const placed = [], written = bands.map((band) => label(band, x, placed));
  svg.append(...bands.map((band) => band.node), guide, ...bands.map((band, i) => written[i] ?? rimmed(band, x, width, placed)).filter(Boolean));
  if (wide) svg.append(ruler(width, floor, scale, Math.max(...totals)));
  host.replaceChildren(svg);
  const words = note(host);
  const light = (id) => {
    svg.classList.toggle("pointed", id !== null);
    bands.forEach((band) => band.node.classList.toggle("dim", id !== null && band.id !== id));
  };
  const tell = (band, b, y) => {
    const from = new Date(starts[offset + b * BIN]), to = new Date(from.getTime() + BIN * 3600000);
    guide.setAttribute("x1", x(b));
    guide.setAttribute("x2", x(b));
    guide.setAttribute("visibility", "visible");
    words.show(x(b), y, h("b", {}, h("i", { style: { background: color(band.id) } }), theirs("span", {}, band.label)), h("span", {}, `${plural(counts.get(band.id)[b], "post")}, ${dayName(from)}, ${hourName(from)} to ${hourName(to)}`));
  };
  const dark = () => { light(null); words.hide(); guide.setAttribute("visibility", "hidden"); onlight(null); };
  let pointed = null;
  const point = (event) => {
    const box = svg.getBoundingClientRect();
    const b = Math.min(bins - 1, Math.max(0, Math.round(((event.clientX - box.left) / box.width) * (bins - 1)))), y = event.clientY - box.top;
    const band = bands.find((one) => y >= one.top[b] && y <= one.bottom[b]) ?? bands.find((one) => one.node === event.target);
    pointed = band ?? null;
    if (!band) return dark();
    light(band.id);
    onlight(band.id);
    tell(band, b, y);
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerleave", dark);
  // a finger first sees what it touches, and opens it with the second tap
  svg.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch" && event.target.dataset.id !== pointed?.id) { point(event); event.target.dataset.shown = ""; } });
  svg.addEventListener("click", (event) => {
    if (!pointed) return;
    if (event.target.dataset.shown === "") delete event.target.dataset.shown;
    else onpick(pointed.id);
  });
  return {
    // what the legend points at: the band's thickest part
    show(id) {
      const band = bands.find((one) => one.id === id);
      if (!band) return dark();
      const b = band.layer.indexOf(Math.max(...band.layer));
      light(id);
      tell(band, b, (band.top[b] + band.bottom[b]) / 2);
    },
    hide: dark,
  };
}

function insideOut(layers) {
  const peak = ({ layer }) => layer.indexOf(Math.max(...layer));
  const above = [], below = [];
  let high = 0, low = 0;
  for (const one of [...layers].sort((a, b) => peak(a) - peak(b))) {
    const size = sum(one.layer);
    if (high <= low) { above.push(one); high += size; } else { below.push(one); low += size; }
  }
  return [...above.reverse(), ...below];
}

// Where the whole label fits best, else as much of it as says something.
function label({ label: text, top, bottom }, x, placed) {
  const step = x(1) - x(0), wanted = [...text].length;
  let best = null;
  for (let middle = 1; middle < top.length - 1; middle++) {
    let high = top[middle], low = bottom[middle], reach = 0;
    while (middle - reach - 1 >= 0 && middle + reach + 1 < top.length) {
      const nextHigh = Math.max(high, top[middle - reach - 1], top[middle + reach + 1]), nextLow = Math.min(low, bottom[middle - reach - 1], bottom[middle + reach + 1]);
      if (nextLow - nextHigh < 15) break;
      high = nextHigh; low = nextLow; reach++;
      const room = Math.floor((2 * reach * step - 8) / 6.3), letters = Math.min(room, wanted);
      const better = !best || letters > best.letters || (letters === best.letters && low - high > best.low - best.high);
      if (better) best = { letters, room, middle, high, low };
    }
  }
  if (!best || best.letters < Math.min(wanted, 12)) return null;
  const shown = short(text, best.room), at = { x: x(best.middle), y: (best.high + best.low) / 2 + 4 };
  placed.push({ ...at, half: LETTER * shown.length / 2 });
  return s("text", { class: "band-label", ...at }, shown);
}

const LETTER = 7;
// A band that is too thin to hold its label has it, with a rim, over its thickest part, unless it would cover another.
function rimmed({ label: text, layer, top, bottom }, x, width, placed) {
  const b = layer.indexOf(Math.max(...layer)), shown = short(text, 18), half = LETTER * shown.length / 2;
  const at = { x: Math.min(Math.max(x(b), half + 4), width - half - 4), y: (top[b] + bottom[b]) / 2 + 4 };
  if (placed.some((one) => Math.abs(one.y - at.y) < 15 && Math.abs(one.x - at.x) < one.half + half + 4)) return null;
  placed.push({ ...at, half });
  return s("text", { class: "band-label rim", ...at }, shown);
}

// How many posts a height is: bands have no axis of their own.
function ruler(width, floor, scale, most) {
  const posts = round(most / 3), tall = posts * scale;
  return s("g", { class: "ruler" }, s("path", { d: `M${width - 9},${floor - tall}h5m-2.5,0v${tall}m-2.5,0h5` }), s("text", { x: width - 14, y: floor - tall / 2 + 4 }, `${plural(posts, "post")} in ${BIN} h`));
}

function days(starts, offset, bins, most) {
  const found = [];
  for (let b = 0; b < bins - 3; b++) {
    const at = new Date(starts[offset + b * BIN]);
    if (at.getUTCHours() < BIN) found.push([b, at]);
  }
  return found.filter((_, i) => i % Math.ceil(found.length / most) === 0);
}

const smooth = (values) => values.map((_, i) => [-2, -1, 0, 1, 2].reduce((total, d, k) => total + (values[i + d] ?? 0) * [0.1, 0.2, 0.4, 0.2, 0.1][k], 0));

// The same numbers for those who do not see the picture: posts per topic and day.
export function streamTable({ starts, items }) {
  const dates = [...new Set(starts.map((at) => at.slice(0, 10)))];
  const perDay = (item, date) => sum(item.posts.filter((_, i) => starts[i].startsWith(date)));
  return h("table", {},
    h("caption", { class: "sr" }, "Posts per topic and day, UTC"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Topic"), dates.map((date) => h("th", { scope: "col" }, dayName(new Date(date)))))),
    h("tbody", {}, items.map((item) => h("tr", {}, theirs("th", { scope: "row" }, item.label), dates.map((date) => h("td", {}, perDay(item, date)))))));
}
