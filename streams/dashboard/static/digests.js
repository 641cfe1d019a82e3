// The archive of weekly digests, and one of them to read.
import { get } from "./api.js";
import { h, day, empty, keepFocus, plural, skeleton, theirs } from "./dom.js";

export function digests(root, week) {
  let closed = false;
  root.append(skeleton(4));

  async function load() {
    try {
      const page = await get("/api/digests?limit=50");
      if (!closed) draw(page);
    } catch (error) {
      if (!closed && !root.querySelector(".archive")) root.replaceChildren(empty("The digests cannot be read just now", error.message));
    }
  }

  function draw({ items }) {
    if (!items.length) {
      root.replaceChildren(h("div", { class: "head" }, h("h1", {}, "Digests")), empty("No digest yet", "When a week is over, its digest appears here: what people talked about, who shared what, and what is new.", "The first is published within a day of the end of a week."));
      return;
    }
    const current = items.find((item) => item.week === week) ?? items[0];
    const frame = root.querySelector("iframe");
    const list = h("ol", { class: "archive" }, items.map((item) =>
      h("li", {}, h("a", { href: `#/digests/${item.week}`, "aria-current": item.week === current.week ? "page" : null },
        h("span", { class: "week" }, item.week, item.revision > 1 && h("span", { class: "badge" }, "corrected")),
        h("span", { class: "span" }, `${day(item.start)} – ${day(new Date(new Date(item.end) - 1).toISOString())}`),
        theirs("span", { class: "headline" }, item.headline),
        h("span", { class: "span" }, `${plural(item.topics.length, "topic")} · ${plural(item.people, "person", "people")} · ${plural(item.posts, "post")}`)))));
    if (frame?.dataset.week === current.week + current.revision) {
      keepFocus(root, () => root.querySelector(".archive").replaceWith(list));
      return;
    }
    root.replaceChildren(
      h("div", { class: "head" }, h("div", {}, h("h1", {}, "Digests"), h("p", { class: "count" }, "One per week, every sentence with the posts that it rests on"))),
      h("div", { class: "reading" }, h("nav", { "aria-label": "Weeks" }, list),
        h("section", { class: "card paper", "aria-label": `Digest of ${current.week}` },
          h("p", { class: "paper-head" }, h("span", {}, current.week), h("a", { href: `/digests/${current.week}`, target: "_blank", rel: "noopener" }, "Open as a page"), h("a", { href: `/api/digests/${current.week}`, target: "_blank", rel: "noopener" }, "JSON")),
          h("iframe", { src: `/digests/${current.week}`, title: `Digest of ${current.week}`, sandbox: "allow-popups allow-popups-to-escape-sandbox", "data-week": current.week + current.revision, loading: "lazy" }))));
  }

  load();
  return { refresh: load, event: (event) => { if (event.kind === "digest") load(); }, close() { closed = true; } };
}
