// What is being talked about now, how it moved, and how it got there.
import { get } from "./api.js";
import { h, color, day, empty, keepFocus, plural, skeleton, theirs, topicLink, when } from "./dom.js";
import { latest } from "./latest.js";
import { quietMentions } from "./quiet.js";
import { WINDOWS, row } from "./rows.js";
import { start } from "./start.js";
import { stream, streamTable } from "./stream.js";

const SORTS = { trend: "Hot", people: "Most people", posts: "Most posts", latest: "Latest" };
const SECTIONS = { rising: "Rising", also: "Also talked about" };
const MOST_BANDS = 8, ON_PHONES = 5;
let chosen = null; // the window; a day until one is chosen
let sort = "trend";

export function now(root, query, { seen }) {
  const rows = new Map();
  const list = h("ol", { class: "topics" });
  const count = h("p", { class: "count" });
  const area = h("div", {}, skeleton(7));
  const span = h("span");
  const headings = h("div", { class: "columns", "aria-hidden": "true" }, h("span", {}, "#"), h("span", {}, "Topic"), span, h("span", {}, "People"), h("span", {}, "Posts"));
  const card = h("section", { class: "card list", "aria-label": "Topics" }, headings, list);
  const river = flowCard(), lead = latest(), quiet = quietMentions(() => chosen ?? "24h");
  let page = null, closed = false, failed = false;

  const windows = radio("Window", Object.keys(WINDOWS).map((key) => [key, key]), () => chosen ?? "24h", (to) => { chosen = to; load(); });
  const sorts = h("label", { class: "select" }, h("span", { class: "sr" }, "Sort by"),
    h("select", { onchange: (event) => { sort = event.target.value; load(); } }, Object.entries(SORTS).map(([key, name]) => h("option", { value: key, selected: key === sort }, name))));
  const title = query ? h("h1", {}, "Search: ", theirs("q", {}, query)) : h("h1", {}, "What people are talking about");
  root.append(h("div", { class: "head" }, h("div", {}, title, count), h("div", { class: "controls" }, windows.node, sorts)), query ? "" : lead.node, query ? "" : river.node, area, quiet.node);

  async function load() {
    const window = chosen ?? "24h";
    const words = query ? `&q=${encodeURIComponent(query)}` : "";
    try {
      const found = await get(`/api/topics?window=${window}&sort=${sort}&limit=50${words}`);
      if (closed) return;
      failed = false;
      page = found;
      seen(found.newest);
      windows.update();
      if (!query) await Promise.all([lead.load(), river.load(() => closed)]);
      if (!closed) draw();
    } catch (error) {
      failed = true;
      if (!page) area.replaceChildren(empty("The topics cannot be read just now", error.message, "This page tries again by itself."));
      setTimeout(() => { if (!closed && failed) load(); }, 3000);
    }
  }

  function draw() {
    const { items, total, posts, people, since, newest, window } = page;
    quiet.node.hidden = !posts || Boolean(query) || sort !== "trend";
    if (!posts) {
      count.textContent = "";
      if (!area.querySelector(".start")) area.replaceChildren(start());
      return;
    }
    const { quiet_since: silent, wider } = page;
    const told = sort === "trend" && !query;
    const found = told ? plural(total, "story", "stories") : plural(total, "topic");
    count.replaceChildren(`${silent ? "Nothing rises" : found} in the last ${WINDOWS[window]}`, ...(query ? [] : [` · ${plural(posts, "post")} by `, h("a", { href: "#/people" }, plural(people, "person", "people")), ` since ${day(since)}`]));
    if (!items.length && !wider) {
      area.replaceChildren(query ? empty("Nothing found", "No topic of this window has these words in its label or posts. A longer window may.") : empty("Quiet", silent ? `Nobody has told a story since ${when(silent)}. Choose a longer window.` : "No story in this window yet: single posts are under Latest."));
      return;
    }
    span.textContent = `Last ${WINDOWS[window]}`;
    // what rises, or the best of a longer window where nothing does, then what else is talked about
    const above = new Set(wider?.items.map((item) => item.topic.id));
    const parts = ["rising", "also", ""].map((section) => ({ title: sort === "trend" ? SECTIONS[section] : undefined, window, items: items.filter((item) => (sort === "trend" ? item.section : "") === section && !above.has(item.topic.id)) }));
    if (wider) parts.unshift({ title: `More talked about than usual in the last ${WINDOWS[wider.window]}`, window: wider.window, items: wider.items });
    keepFocus(list, () => arrange(parts.filter((part) => part.items.length), newest));
    if (card.parentNode !== area) area.replaceChildren(card);
    quiet.load();
  }

  function arrange(parts, newest) {
    const before = places(list), known = rows.size > 0;
    const wanted = parts.flatMap((part) => [
      ...(part.title ? [{ key: `# ${part.title}`, title: part.title }] : []),
      ...part.items.map((item) => ({ key: `${part.window} ${item.topic.id}`, item, window: part.window })),
    ]);
    const shown = new Set(wanted.map((one) => one.key));
    for (const [key, one] of rows) {
      if (shown.has(key)) continue;
      one.node.remove();
      rows.delete(key);
    }
    wanted.forEach(({ key, title, item, window }, i) => {
      if (!rows.has(key)) {
        rows.set(key, title ? { node: h("li", { class: "section" }, h("h2", {}, title)) } : row(item.topic.id));
        if (known && item) rows.get(key).node.classList.add("appears");
      }
      const one = rows.get(key);
      if (item) one.update(item, window, newest);
      if (list.children[i] !== one.node) list.insertBefore(one.node, list.children[i] ?? null);
    });
    slide(list, before);
  }

  load();
  return {
    refresh: load,
    topics(data) {
      if (!page || query) return;
      // numbers of listed topics at once; the order follows with the next list
      const fresh = new Map(data.topics.map((one) => [one.id, one]));
      page = { ...page, newest: data.newest, posts: data.posts, items: page.items.map((item) => (fresh.has(item.topic.id) ? { ...item, topic: fresh.get(item.topic.id) } : item)) };
      draw();
    },
    close() { closed = true; river.close(); },
  };
}

// The stream graph with its legend, and the same as a table.
function flowCard() {
  const host = h("div", { class: "river" }, h("div", { class: "bone tall" }));
  const legend = h("ul", { class: "legend" });
  const table = h("div", { class: "scroll", role: "region", "aria-label": "Posts per topic and day", tabindex: 0 });
  const more = h("details", { class: "as-table", hidden: true }, h("summary", {}, "Show as a table"), table);
  const node = h("section", { class: "card flow", "aria-labelledby": "flow-title" },
    h("div", { class: "card-head" }, h("h2", { id: "flow-title" }, "The week as it flowed"), h("p", {}, "Posts of the most talked about topics; the wider, the more")), host, legend,
    more);
  let series = null, width = 0;

  function draw() {
    width = host.clientWidth;
    if (!series || !width) return;
    const items = series.items.slice(0, width > 640 ? MOST_BANDS : ON_PHONES), ids = items.map((item) => item.id);
    ids.forEach((id) => color(id, ids));
    const graph = stream({ ...series, items }, { host, onpick: (id) => { location.hash = topicLink(id); }, onlight: (id) => legend.querySelectorAll("a").forEach((link) => link.classList.toggle("lit", link.dataset.id === id)) });
    keepFocus(legend, () => legend.replaceChildren(...items.map((item) => {
      const link = h("a", { href: topicLink(item.id), "data-id": item.id, title: item.label }, h("i", { style: { background: color(item.id) } }), theirs("span", {}, item.label));
      for (const [event, to] of [["mouseenter", item.id], ["focus", item.id], ["mouseleave", null], ["blur", null]]) link.addEventListener(event, () => (to === null ? graph.hide() : graph.show(to)));
      return h("li", {}, link);
    })));
    table.replaceChildren(streamTable(series));
    more.hidden = false;
  }

  const sized = new ResizeObserver(() => { if (host.clientWidth !== width) draw(); });
  sized.observe(host);
  return {
    node,
    async load(closed) {
      const found = await get(`/api/series?window=7d&hours=168&limit=${MOST_BANDS}`);
      if (closed() || found === series) return;
      node.hidden = found.items.length < 2;
      series = node.hidden ? null : found;
      draw();
    },
    close() { sized.disconnect(); },
  };
}

export function radio(name, options, current, choose) {
  const buttons = options.map(([key, text]) => h("button", { type: "button", "aria-pressed": String(current() === key), onclick: () => { choose(key); update(); } }, text));
  const update = () => buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(current() === options[i][0])));
  return { node: h("div", { class: "segments", role: "group", "aria-label": name }, buttons), update };
}

const still = matchMedia("(prefers-reduced-motion: reduce)");
const places = (list) => new Map([...list.children].map((node) => [node.dataset.id, node.offsetTop]));

// A row that changed its place moves there instead of jumping.
function slide(list, before) {
  if (still.matches || !before.size || document.hidden) return;
  for (const node of list.children) {
    const from = before.get(node.dataset.id);
    if (from !== undefined && from !== node.offsetTop) node.animate([{ transform: `translateY(${from - node.offsetTop}px)` }, { transform: "none" }], { duration: 450, easing: "cubic-bezier(.2,.7,.2,1)" });
  }
}
