// What charts share: labels, curves, and the note that follows the pointer.
import { h } from "./dom.js";

export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const dayName = (at) => at.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
export const hourName = (at) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });

// Cut at a word where that leaves most of it.
export function short(label, most = 30) {
  const letters = [...label];
  if (letters.length <= most) return label;
  const cut = letters.slice(0, most - 1).join("");
  const space = cut.lastIndexOf(" ");
  return `${(space > most * 0.6 ? cut.slice(0, space) : cut).replace(/[\s,:;–-]+$/u, "")}…`;
}

export function curve(points) {
  if (!points.length) return "";
  let path = `M${points[0][0].toFixed(1)},${points[0][1].toFixed(1)}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1], [x1, y1] = points[i], middle = (x0 + x1) / 2;
    path += `C${middle.toFixed(1)},${y0.toFixed(1)} ${middle.toFixed(1)},${y1.toFixed(1)} ${x1.toFixed(1)},${y1.toFixed(1)}`;
  }
  return path;
}

// A round number not above `value`.
export function round(value) {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [5, 2, 1].map((one) => one * size).find((one) => one <= value) ?? 1;
}

// A note beside the pointer. It repeats what the table says, so it is hidden from screen readers.
export function note(host) {
  const node = h("div", { class: "note", "aria-hidden": "true", hidden: true });
  host.append(node);
  return {
    show(x, y, ...content) {
      node.replaceChildren(...content);
      node.hidden = false;
      const left = Math.min(Math.max(4, x + 14), host.clientWidth - node.offsetWidth - 4);
      const above = y - node.offsetHeight - 12;
      node.style.setProperty("left", `${x + 14 + node.offsetWidth > host.clientWidth ? Math.max(4, x - node.offsetWidth - 14) : left}px`);
      node.style.setProperty("top", `${above < 0 ? y + 14 : above}px`);
    },
    hide() { node.hidden = true; },
  };
}
