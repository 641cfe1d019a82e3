// Elements without markup: text is always text, so nothing from a post can become HTML.

import { BASE } from "./api.js";

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.entries(value).forEach(([key, to]) => node.style.setProperty(key, to));
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

// A link target from a post: http and https only, everything else is no link.
export function outside(url, attributes, ...children) {
  let safe = null;
  try {
    const parsed = new URL(url);
    if (parsed.protocol === "http:" || parsed.protocol === "https:") safe = parsed.href;
  } catch {
    safe = null;
  }
  if (!safe) return h("span", attributes, ...children);
  return h("a", { ...attributes, href: safe, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

// Text by anyone: its direction is its own and does not spill over into ours.
export const theirs = (tag, attributes, text) => h(tag, { ...attributes, dir: "auto" }, text);

export const topicLink = (id) => `#/topics/${encodeURIComponent(id)}`;

const numbers = new Intl.NumberFormat("en");
export const number = (value) => numbers.format(value);
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });
const withYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
export const when = (text) => clock.format(new Date(text));
export const day = (text) => withYear.format(new Date(text));
export const time = (text) => h("time", { datetime: text, title: `${day(text)}, UTC` }, when(text));

// How long before `now` (the newest post), in words; the wall clock would be wrong for a replay.
export function ago(text, now) {
  const minutes = Math.max(0, Math.round((new Date(now) - new Date(text)) / 60000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 36 * 60) return `${Math.round(minutes / 60)} h ago`;
  return `${Math.round(minutes / 1440)} days ago`;
}

export const empty = (title, ...text) => h("div", { class: "empty" }, h("h2", {}, title), ...text.map((one) => h("p", {}, one)));

export const skeleton = (rows) =>
  h("div", { class: "skeleton", "aria-busy": "true", "aria-label": "Loading", role: "status" },
    ...Array.from({ length: rows }, () => h("div", { class: "bone" })));

// What a page does for its reader, told in `said`: while it runs, when it is done, and why it failed.
export const doing = (said, after) => async (words, work) => {
  said.textContent = words;
  said.textContent = await work().catch((error) => error.message);
  after();
};

// Without a secure connection a browser has no clipboard: then the address is there to be copied by hand.
export function copyLink(path) {
  const address = new URL(BASE + path, location.href).href;
  const button = h("button", { type: "button", id: "copy", onclick: () => (navigator.clipboard?.writeText(address) ?? Promise.reject()).then(() => { button.textContent = "Copied"; }, () => {
    const field = h("input", { class: "address", readonly: true, value: address, "aria-label": "Address to copy" });
    button.replaceWith(field);
    field.select();
  }) }, "Copy link");
  return button;
}

// Draw anew without taking the keyboard's place from anybody: what was focused is found again by its id or address.
export function keepFocus(root, draw) {
  const had = root.contains(document.activeElement) ? document.activeElement : null;
  draw();
  if (!had || had.isConnected && had === document.activeElement) return;
  const find = had.id ? `#${CSS.escape(had.id)}` : had.getAttribute("href") ? `a[href="${CSS.escape(had.getAttribute("href"))}"]` : null;
  (had.isConnected ? had : find && root.querySelector(find))?.focus({ preventScroll: true });
}

const COLORS = 10, KEPT = 300;
const given = new Map(JSON.parse(localStorage.getItem("colours") ?? "[]"));
// A topic keeps its colour in all views and over visits. A new one gets one that those beside it do not have.
export function color(id, beside = [...given.keys()].slice(1 - COLORS)) {
  if (!given.has(id)) {
    const taken = beside.map((one) => given.get(one)), free = [...Array(COLORS).keys()].find((one) => !taken.includes(one));
    given.set(id, free ?? given.size % COLORS);
    while (given.size > KEPT) given.delete(given.keys().next().value);
    localStorage.setItem("colours", JSON.stringify([...given]));
  }
  return `var(--c${given.get(id)})`;
}
