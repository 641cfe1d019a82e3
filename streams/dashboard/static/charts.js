// Small charts in SVG. Every chart says in words what it shows; numbers are in the lists beside it.
import { h, s, plural } from "./dom.js";
import { curve, dayName, hourName, note, round, sum } from "./shapes.js";

export function spark(values, label) {
  const width = 120, height = 32, top = Math.max(1, ...values);
  const x = (i) => (i / Math.max(1, values.length - 1)) * width;
  const y = (v) => height - 2 - (v / top) * (height - 6);
  const line = curve(values.map((v, i) => [x(i), y(v)]));
  return s("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    s("path", { class: "area", d: `${line}L${width},${height}L0,${height}Z` }),
    s("path", { class: "line", d: line }));
}

const HOUR = 3600000;

// `bin`: hours of a bar; bars of several hours begin at their multiples.
export function bars({ start, posts: hours }, bin, host, label) {
  const from = Math.floor(new Date(start).getTime() / (bin * HOUR)) * bin * HOUR, before = (new Date(start).getTime() - from) / HOUR;
  const posts = Array.from({ length: Math.ceil((hours.length + before) / bin) }, (_, b) => sum(hours.slice(Math.max(0, b * bin - before), Math.max(0, (b + 1) * bin - before))));
  const width = host.clientWidth, height = 180, floor = height - 24, left = 26, top = Math.max(1, ...posts);
  const step = (width - left) / posts.length;
  const x = (i) => left + i * step, y = (count) => floor - (count / top) * (floor - 12);
  const svg = s("svg", { class: "bars", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const every = Math.max(1, round(top / 2));
  for (let count = every; count <= top; count += every) {
    svg.append(s("line", { class: "grid", x1: left, x2: width, y1: y(count), y2: y(count) }), s("text", { class: "tick", x: left - 7, y: y(count) + 4 }, count));
  }
  svg.append(s("line", { class: "axis", x1: left, x2: width, y1: floor, y2: floor }));
  for (const [hour, text] of ticks(from, posts.length * bin, (width - left) / 96)) {
    const at = x(hour / bin);
    svg.append(s("line", { class: "axis", x1: at, x2: at, y1: floor, y2: floor + 5 }), s("text", { x: at + 4, y: height - 7, "text-anchor": at > width - 60 ? "end" : "start" }, text));
  }
  const drawn = posts.map((count, i) => count > 0 && s("rect", { class: "bar", x: x(i) + step * 0.08, width: Math.max(1.5, step * 0.84), y: y(count), height: floor - y(count), rx: Math.min(3, step / 4) }));
  svg.append(...drawn.filter(Boolean));
  host.replaceChildren(svg);
  const words = note(host);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const i = Math.floor((event.clientX - box.left - left) / step);
    drawn.forEach((bar, at) => bar && bar.classList.toggle("dim", at !== i));
    if (posts[i] === undefined) return words.hide();
    const at = new Date(from + i * bin * HOUR);
    words.show(x(i) + step / 2, y(posts[i]), h("b", {}, plural(posts[i], "post")), h("span", {}, `${dayName(at)}, ${hourName(at)} to ${hourName(new Date(at.getTime() + bin * HOUR))}`));
  });
  svg.addEventListener("pointerleave", () => { words.hide(); drawn.forEach((bar) => bar && bar.classList.remove("dim")); });
}

// Days where there are several, else hours.
function ticks(from, hours, most) {
  const every = [3, 6, 12, 24, 48, 72, 96, 168].find((one) => hours / one <= most) ?? 336;
  const found = [];
  for (let i = 0; i < hours; i++) {
    const at = new Date(from + i * HOUR);
    if (every < 24 ? at.getUTCHours() % every === 0 : at.getUTCHours() === 0 && Math.floor(at.getTime() / (24 * HOUR)) % (every / 24) === 0) {
      found.push([i, every < 24 && at.getUTCHours() ? hourName(at) : dayName(at)]);
    }
  }
  return found;
}
