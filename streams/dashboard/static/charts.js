// Small charts in SVG. Every chart says in words what it shows; numbers are in the lists beside it.
import { s, color, topicLink, when, plural } from "./dom.js";

export function spark(values, label) {
  const width = 120, height = 32, top = Math.max(1, ...values);
  const x = (i) => (i / Math.max(1, values.length - 1)) * width;
  const y = (v) => height - 2 - (v / top) * (height - 6);
  const line = curve(values.map((v, i) => [x(i), y(v)]));
  return s("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    s("path", { class: "area", d: `${line}L${width},${height}L0,${height}Z` }),
    s("path", { class: "line", d: line }));
}

export function bars(series, width, label) {
  const { start, posts } = series;
  const height = 170, floor = height - 22, top = Math.max(1, ...posts), step = width / posts.length;
  const from = new Date(start).getTime();
  const marks = [];
  posts.forEach((_, i) => {
    const at = new Date(from + i * 3600000);
    if (at.getUTCHours() === 0 && i * step < width - 40) marks.push([i * step, at]);
  });
  const every = Math.ceil(marks.length / (width / 110));
  return s("svg", { class: "bars", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    s("line", { class: "axis", x1: 0, x2: width, y1: floor, y2: floor }),
    marks.filter((_, i) => i % every === 0).map(([x, at]) => [
      s("line", { class: "grid", x1: x, x2: x, y1: 4, y2: floor }),
      s("text", { x: x + 4, y: height - 6 }, dayName(at)),
    ]),
    posts.map((count, i) => count && s("rect", { class: "bar", x: i * step + 0.5, width: Math.max(1.5, step - 1), y: floor - (count / top) * (floor - 8), height: (count / top) * (floor - 8), rx: 1.5 },
      s("title", {}, `${when(new Date(from + i * 3600000).toISOString())}: ${plural(count, "post")}`))));
}

// Stream graph: bands of smoothed counts around a centre line (Havre et al. 2002, ThemeRiver).
export function stream({ starts, items }, { width, onpick }) {
  const height = width > 640 ? 330 : 240, floor = height - 26, bin = 4;
  const bins = Math.floor(starts.length / bin);
  const offset = starts.length - bins * bin;
  const layers = items.map((item) => smooth(Array.from({ length: bins }, (_, b) => sum(item.posts.slice(offset + b * bin, offset + (b + 1) * bin)))));
  const totals = Array.from({ length: bins }, (_, b) => sum(layers.map((layer) => layer[b])));
  const scale = (floor - 16) / Math.max(1, ...totals);
  const x = (b) => (b / Math.max(1, bins - 1)) * width;
  let edge = totals.map((total) => floor / 2 + 4 - (total * scale) / 2);
  const svg = s("svg", { class: "stream", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Posts over time of ${plural(items.length, "topic")}: ${items.map((item) => item.label).join("; ")}` });
  for (const [b, at] of days(starts, offset, bin, bins, width / 110)) {
    svg.append(s("line", { class: "grid", x1: x(b), x2: x(b), y1: 0, y2: floor }), s("text", { x: x(b) + 6, y: height - 8 }, dayName(at)));
  }
  const labels = [];
  items.forEach((item, i) => {
    const next = edge.map((y, b) => y + layers[i][b] * scale);
    const path = curve(edge.map((y, b) => [x(b), y])) + curve(next.map((y, b) => [x(b), y]).reverse()).replace("M", "L") + "Z";
    const band = s("path", { class: "band", d: path, style: { fill: color(item.id) } }, s("title", {}, `${item.label}: ${plural(sum(item.posts), "post")}`));
    band.addEventListener("click", () => onpick(item.id));
    band.dataset.id = item.id;
    svg.append(band);
    labels.push(bandLabel(item.label, edge, next, x));
    edge = next;
  });
  svg.append(...labels.filter(Boolean));
  return svg;
}

// A label on the band's thickest part, as long as the band holds it at that height; else none: the legend names all.
function bandLabel(label, top, bottom, x) {
  const thickness = top.map((y, b) => bottom[b] - y);
  const peak = thickness.indexOf(Math.max(...thickness));
  if (thickness[peak] < 22) return null;
  const y = (top[peak] + bottom[peak]) / 2;
  const fits = (b) => top[b] < y - 9 && bottom[b] > y + 7;
  let first = peak, last = peak;
  while (first > 1 && fits(first - 1)) first--;
  while (last < top.length - 2 && fits(last + 1)) last++;
  const room = Math.floor((x(last) - x(first) - 10) / 6.4);
  if (room < 8) return null;
  return s("text", { class: "band-label", x: (x(first) + x(last)) / 2, y: y + 4 }, short(label, room));
}

export function topicMap({ items }, size) {
  const { width, height } = size, pad = width > 640 ? 70 : 44;
  const top = Math.max(1, ...items.map((item) => item.people));
  const spots = items.map((item) => ({ ...item, r: 7 + (width > 640 ? 28 : 20) * Math.sqrt(item.people / top), cx: pad + item.x * (width - 2 * pad), cy: pad + item.y * (height - 2 * pad) }));
  untangle(spots, width, height);
  const svg = s("svg", { class: "map", viewBox: `0 0 ${width} ${height}`, "aria-label": "Map of topics; near means related", role: "group" });
  const labels = [];
  for (const spot of spots.sort((a, b) => b.r - a.r)) {
    svg.append(s("a", { href: topicLink(spot.id), "aria-label": `${spot.label}: ${plural(spot.people, "person", "people")}, ${plural(spot.posts, "post")}` },
      s("circle", { cx: spot.cx, cy: spot.cy, r: spot.r, style: { fill: color(spot.id), stroke: color(spot.id) }, class: spot.growing ? "up" : "flat" }),
      s("title", {}, spot.label)));
  }
  for (const spot of spots) {
    const text = short(spot.label, 28), half = text.length * 3.2 + 2;
    const places = [[spot.cx, spot.cy + spot.r + 9], [spot.cx, spot.cy - spot.r - 9], [spot.cx + spot.r + half + 5, spot.cy], [spot.cx - spot.r - half - 5, spot.cy]];
    const place = places.find(([x, y]) => x - half > 2 && x + half < width - 2 && y > 10 && y < height - 8
      && !labels.some((one) => Math.abs(one.y - y) < 15 && Math.abs(one.x - x) < one.half + half)
      && !spots.some((one) => one !== spot && Math.abs(one.cy - y) < one.r + 7 && Math.abs(one.cx - x) < one.r + half));
    if (!place) continue;
    labels.push({ x: place[0], y: place[1], half });
    svg.append(s("text", { class: "spot-label", x: place[0], y: place[1] + 4, "aria-hidden": "true" }, text));
  }
  return svg;
}

// Circles that overlap move apart, as little as they must.
function untangle(spots, width, height) {
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < spots.length; i++) {
      for (let j = i + 1; j < spots.length; j++) {
        const a = spots[i], b = spots[j];
        const dx = b.cx - a.cx || 0.01 * (i - j), dy = b.cy - a.cy || 0.01;
        const gap = Math.hypot(dx, dy), need = a.r + b.r + 6;
        if (gap >= need) continue;
        const push = (need - gap) / 2 / gap;
        a.cx -= dx * push; a.cy -= dy * push; b.cx += dx * push; b.cy += dy * push;
      }
    }
    for (const spot of spots) {
      spot.cx = Math.min(width - spot.r - 4, Math.max(spot.r + 4, spot.cx));
      spot.cy = Math.min(height - spot.r - 20, Math.max(spot.r + 4, spot.cy));
    }
  }
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const short = (label, most = 30) => (label.length > most ? `${label.slice(0, most - 1).trimEnd()}…` : label);
const dayName = (at) => at.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const smooth = (values) => values.map((_, i) => [-2, -1, 0, 1, 2].reduce((total, d, k) => total + (values[i + d] ?? 0) * [0.1, 0.2, 0.4, 0.2, 0.1][k], 0));

function days(starts, offset, bin, bins, most) {
  const found = [];
  for (let b = 0; b < bins - 3; b++) {
    const at = new Date(starts[offset + b * bin]);
    if (at.getUTCHours() < bin) found.push([b, at]);
  }
  return found.filter((_, i) => i % Math.ceil(found.length / most) === 0);
}

function curve(points) {
  if (!points.length) return "";
  let path = `M${points[0][0].toFixed(1)},${points[0][1].toFixed(1)}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1], [x1, y1] = points[i], middle = (x0 + x1) / 2;
    path += `C${middle.toFixed(1)},${y0.toFixed(1)} ${middle.toFixed(1)},${y1.toFixed(1)} ${x1.toFixed(1)},${y1.toFixed(1)}`;
  }
  return path;
}
