// The map: circles that do not overlap, lines between what is most related, and as many labels as fit.
import { h, s, color, plural, theirs, topicLink } from "./dom.js";
import { lines, note } from "./shapes.js";

// A phone has room for those with the most people; the list beside it has all.
export function topicMap({ items: all, related }, host) {
  const width = host.clientWidth, wide = width > 640, items = wide ? all : all.slice(0, FEW), height = wide ? 600 : 620, pad = wide ? 80 : 44;
  const top = Math.max(1, ...items.map((item) => item.people));
  const crowd = Math.min(1, Math.sqrt(30 / items.length) * (wide ? 1 : 0.6));
  const x = unit(items.map((item) => item.x)), y = unit(items.map((item) => item.y));
  const spots = items.map((item, i) => ({ ...item, r: 6 + 30 * crowd * Math.sqrt(item.people / top), cx: pad + x[i] * (width - 2 * pad), cy: 24 + y[i] * (height - 72) }));
  untangle(spots, width, height);
  spots.sort((a, b) => b.r - a.r);
  const svg = s("svg", { class: "map", viewBox: `0 0 ${width} ${height}`, "aria-label": "Map of topics; near means related", role: "group" });
  const at = new Map(spots.map((spot) => [spot.id, spot]));
  const ties = related.filter((tie) => at.has(tie.a) && at.has(tie.b)).map((tie) => {
    const a = at.get(tie.a), b = at.get(tie.b);
    const gap = Math.hypot(b.cx - a.cx, b.cy - a.cy), dx = (b.cx - a.cx) / gap, dy = (b.cy - a.cy) / gap;
    return s("line", { class: "tie", "data-a": tie.a, "data-b": tie.b, x1: a.cx + dx * a.r, y1: a.cy + dy * a.r, x2: b.cx - dx * b.r, y2: b.cy - dy * b.r, "stroke-width": (0.6 + 5 * tie.similarity).toFixed(1) });
  });
  svg.append(...ties);
  const words = note(host);
  for (const spot of spots) {
    const link = s("a", { href: topicLink(spot.id), class: spot.growing ? "up" : "flat", "aria-label": `${spot.label}: ${plural(spot.people, "person", "people")}, ${plural(spot.posts, "post")}${spot.growing ? ", growing" : ""}` },
      s("circle", { cx: spot.cx, cy: spot.cy, r: spot.r, style: { fill: color(spot.id), stroke: color(spot.id) } }));
    const on = () => {
      ties.forEach((tie) => tie.classList.toggle("lit", tie.dataset.a === spot.id || tie.dataset.b === spot.id));
      words.show(spot.cx + spot.r * 0.7, spot.cy - spot.r * 0.5, h("b", {}, theirs("span", {}, spot.label)), h("span", {}, `${plural(spot.people, "person", "people")}, ${plural(spot.posts, "post")}${spot.growing ? ", growing" : ""}`));
    };
    const off = () => { words.hide(); ties.forEach((tie) => tie.classList.remove("lit")); };
    link.addEventListener("pointerenter", on);
    link.addEventListener("pointerleave", off);
    link.addEventListener("focus", on);
    link.addEventListener("blur", off);
    svg.append(link);
  }
  svg.append(...labels(spots, width, height, ruler(host), !wide ? 16 : items.length > 30 ? 22 : 27));
  host.prepend(svg);
}

// What is shown fills the field, also when it is a part of all.
function unit(values) {
  const low = Math.min(...values), span = Math.max(...values) - low;
  return values.map((value) => (span ? (value - low) / span : 0.5));
}

const LINE = 15, LETTER = 6.6, FEW = 24;
// Chinese, Japanese and Korean letters are twice as wide; of Latin ones M is wider than most, so the font is asked, too.
const guess = (text) => [...text].reduce((total, letter) => total + (letter.codePointAt(0) > 0x2e80 ? 2 : 1), 0) * LETTER;
function ruler(host) {
  const sample = s("text", { class: "spot-label" }), svg = s("svg", { class: "map" }, sample);
  host.append(svg);
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(sample);
  svg.remove();
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  return (text) => Math.max(guess(text), pen.measureText(text).width);
}

// Biggest first; each where it covers no circle and no other label. What has none says its name when pointed at.
function labels(spots, width, height, widthOf, most) {
  const placed = [];
  const free = ({ x, y, w, t }, own) => x > 3 && x + w < width - 3 && y > 3 && y + t < height - 3
    && !placed.some((one) => x < one.x + one.w + 6 && one.x < x + w + 6 && y < one.y + one.t + 5 && one.y < y + t + 5)
    && !spots.some((spot) => spot !== own && Math.hypot(Math.max(x - spot.cx, 0, spot.cx - x - w), Math.max(y - spot.cy, 0, spot.cy - y - t)) < spot.r + 2);
  const inside = (x, w) => Math.min(Math.max(x, 4), width - w - 4);
  return spots.flatMap((spot) => {
    const text = lines(spot.label, most), w = Math.max(...text.map(widthOf)), t = text.length * LINE, { cx, cy, r } = spot, lean = r * 0.75;
    const boxes = [
      { x: inside(cx - w / 2, w), y: cy + r + 3, w, t, a: "middle" }, { x: inside(cx - w / 2, w), y: cy - r - 3 - t, w, t, a: "middle" },
      { x: cx + r + 5, y: cy - t / 2, w, t, a: "start" }, { x: cx - r - 5 - w, y: cy - t / 2, w, t, a: "end" },
      { x: cx + lean + 2, y: cy + lean, w, t, a: "start" }, { x: cx - lean - 2 - w, y: cy + lean, w, t, a: "end" },
      { x: cx + lean + 2, y: cy - lean - t, w, t, a: "start" }, { x: cx - lean - 2 - w, y: cy - lean - t, w, t, a: "end" },
    ];
    const box = boxes.find((one) => free(one, spot));
    if (!box) return [];
    placed.push(box);
    const x = box.a === "middle" ? box.x + w / 2 : box.a === "start" ? box.x : box.x + w;
    return [s("text", { class: "spot-label", "text-anchor": box.a, "aria-hidden": "true" }, text.map((one, i) => s("tspan", { x, y: box.y + LINE * (i + 1) - 3 }, one)))];
  });
}

// Circles that overlap move apart, as little as they must.
function untangle(spots, width, height) {
  const space = width > 640 ? 30 : 22;
  for (let step = 0; step < 120; step++) {
    for (let i = 0; i < spots.length; i++) {
      for (let j = i + 1; j < spots.length; j++) {
        const a = spots[i], b = spots[j];
        const dx = b.cx - a.cx || 0.01 * (i - j), dy = b.cy - a.cy || 0.01;
        const gap = Math.hypot(dx, dy), need = a.r + b.r + space;
        if (gap >= need) continue;
        const push = (need - gap) / 2 / gap;
        a.cx -= dx * push; a.cy -= dy * push; b.cx += dx * push; b.cy += dy * push;
      }
    }
    for (const spot of spots) {
      spot.cx = Math.min(width - spot.r - 6, Math.max(spot.r + 6, spot.cx));
      spot.cy = Math.min(height - spot.r - 34, Math.max(spot.r + 6, spot.cy));
    }
  }
}
