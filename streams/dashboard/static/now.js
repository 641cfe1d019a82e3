// What is being talked about now, how it moved, and how it got there.
import { get } from "./api.js";
import { h, color, empty, number, plural, skeleton, tellApart, theirs, topicLink, ago } from "./dom.js";
import { spark, stream } from "./charts.js";

const WINDOWS = { "1h": "hour", "6h": "6 hours", "24h": "day", "7d": "week" };
const SORTS = { trend: "Trending", people: "Most people", posts: "Most posts", latest: "Latest" };
const KNOWN = { born: "new", trending: "trending", revived: "back", faded: "fading", merged: "merged", split: "split" };
let chosen = null; // the window; until one is chosen, the shortest that fills the page
let sort = "trend";

export function now(root, query, { seen }) {
  const rows = new Map();
  const list = h("ol", { class: "topics" });
  const count = h("p", { class: "count" });
  const list_area = h("div", {}, skeleton(7));
  const river = h("div", { class: "river" }, h("div", { class: "bone tall" }));
  const legend = h("ul", { class: "legend" });
  const flow = h("section", { class: "card flow", "aria-labelledby": "flow-title" },
    h("div", { class: "card-head" }, h("h2", { id: "flow-title" }, "The week as it flowed"), h("p", {}, "Posts over time; a band's width is its share of the talk")), river, legend);
  let page = null, closed = false, failed = false;

  const windows = radio("Window", Object.entries(WINDOWS).map(([key]) => [key, key]), () => chosen ?? "24h", (to) => { chosen = to; load(); });
  const sorts = h("label", { class: "select" }, h("span", { class: "sr" }, "Sort by"),
    h("select", { onchange: (event) => { sort = event.target.value; load(); } }, Object.entries(SORTS).map(([key, name]) => h("option", { value: key, selected: key === sort }, name))));
  const title = query ? h("h1", {}, "Search: ", theirs("q", {}, query)) : h("h1", {}, "What people are talking about");
  root.append(h("div", { class: "head" }, h("div", {}, title, count), h("div", { class: "controls" }, windows.node, sorts)), query ? "" : flow, list_area);

  async function load() {
    const window = chosen ?? "24h";
    const words = query ? `&q=${encodeURIComponent(query)}` : "";
    try {
      let found = await get(`/api/topics?window=${window}&sort=${sort}&limit=50${words}`);
      if (closed) return;
      if (chosen === null && found.total < 6 && found.posts) {
        const wider = await get(`/api/topics?window=7d&sort=${sort}&limit=50${words}`);
        if (wider.total > found.total) found = wider;
      }
      if (chosen === null && found.posts) chosen = found.window;
      failed = false;
      page = found;
      seen(found.newest);
      windows.update();
      draw();
      if (!query) drawFlow();
    } catch (error) {
      failed = true;
      if (!page) list_area.replaceChildren(empty("The topics cannot be read just now", error.message, "This page tries again by itself."));
      setTimeout(() => { if (!closed && failed) load(); }, 3000);
    }
  }

  async function drawFlow() {
    const series = await get("/api/series?window=7d&hours=168&limit=10");
    if (closed) return;
    flow.hidden = series.items.length < 2;
    if (flow.hidden) return;
    tellApart(series.items.map((item) => item.id));
    draw();
    river.replaceChildren(stream(series, { width: river.clientWidth, onpick: (id) => { location.hash = topicLink(id); } }));
    legend.replaceChildren(...series.items.map((item) => {
      const link = h("a", { href: topicLink(item.id) }, h("i", { style: { background: color(item.id) } }), theirs("span", {}, item.label));
      const light = (on) => river.querySelectorAll(".band").forEach((band) => band.classList.toggle("dim", on && band.dataset.id !== item.id));
      link.addEventListener("mouseenter", () => light(true));
      link.addEventListener("mouseleave", () => light(false));
      link.addEventListener("focus", () => light(true));
      link.addEventListener("blur", () => light(false));
      return h("li", {}, link);
    }));
  }

  function draw() {
    const { items, total, posts, newest, window } = page;
    if (!posts) {
      count.textContent = "";
      flow.hidden = true;
      list_area.replaceChildren(empty("No posts yet", "Topics appear here by themselves, within seconds of the first posts.", code("toptopics demo", "to see three weeks of invented posts,"), code("toptopics ingest posts.jsonl", "to read your own.")));
      return;
    }
    count.textContent = query ? `${plural(total, "topic")} in the last ${WINDOWS[window]}` : `${plural(total, "topic")} in the last ${WINDOWS[window]} · ${plural(posts, "post")} kept`;
    if (!items.length) {
      list_area.replaceChildren(query ? empty("Nothing found", "No topic of this window has these words in its label or posts. A longer window may.") : empty("Quiet", "No topic had a post in this window. Choose a longer one."));
      return;
    }
    const before = places(list);
    const fresh = rows.size > 0;
    list.replaceChildren(...items.map((item) => row(item, window, newest, fresh)));
    const headings = h("div", { class: "columns", "aria-hidden": "true" }, h("span", {}, "#"), h("span", {}, "Topic"), h("span", {}, "Last 24 h"), h("span", {}, "People"), h("span", {}, "Posts"));
    if (list.parentNode !== list_area) list_area.replaceChildren(h("section", { class: "card list", "aria-label": "Topics" }, headings, list));
    slide(list, before);
  }

  function row({ rank, move, topic: one }, window, newest, fresh) {
    const stats = one.windows[window];
    const old = rows.get(one.id);
    rows.set(one.id, stats.posts);
    const node = h("li", { "data-id": one.id, class: fresh && old === undefined ? "appears" : old !== undefined && old !== stats.posts ? "changed" : null },
      h("div", { class: "rank" }, h("b", {}, rank), moved(move)),
      h("div", { class: "what" },
        h("a", { href: topicLink(one.id), class: "label", dir: "auto" }, one.label),
        h("p", { class: "sub" }, status(one), h("span", { class: "words" }, one.keywords.slice(0, 5).map((word) => theirs("span", {}, word))), h("span", { class: "ago" }, ago(one.last_at, newest)))),
      h("div", { class: "trace", style: { color: color(one.id) } }, spark(one.spark, `Posts per hour of the last day: ${one.spark.reduce((a, b) => a + b, 0)} in all`)),
      h("div", { class: "figure n-people" }, h("b", {}, number(stats.people)), h("span", {}, stats.people === 1 ? "person" : "people")),
      h("div", { class: "figure n-posts" }, h("b", {}, number(stats.posts)), h("span", {}, stats.posts === 1 ? "post" : "posts"), change(stats)));
    return node;
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
    close() { closed = true; },
  };
}

function code(command, after) {
  const span = h("span", {}, h("code", {}, command), ` ${after}`);
  return span;
}

function status(one) {
  const name = KNOWN[one.status];
  return name ? h("span", { class: `badge ${one.status}` }, name) : null;
}

function moved(move) {
  if (move === null) return h("span", { class: "move new", title: "not ranked before" }, h("span", { "aria-hidden": "true" }, "●"), h("span", { class: "sr" }, "new in the ranking"));
  if (!move) return h("span", { class: "move", title: "as before" }, h("span", { "aria-hidden": "true" }, "–"), h("span", { class: "sr" }, "same place"));
  const up = move > 0;
  return h("span", { class: `move ${up ? "up" : "down"}` }, h("span", { "aria-hidden": "true" }, `${up ? "▲" : "▼"} ${Math.abs(move)}`), h("span", { class: "sr" }, `${up ? "up" : "down"} ${Math.abs(move)}`));
}

function change({ posts, before }) {
  if (!before) return null;
  const percent = Math.round(((posts - before) / before) * 100);
  return h("span", { class: `change ${percent > 0 ? "up" : "down"}`, title: `${before} in the window before` }, `${percent > 0 ? "+" : ""}${percent} %`);
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
