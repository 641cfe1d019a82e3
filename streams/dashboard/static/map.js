// Topics by what they have in common.
import { get } from "./api.js";
import { h, color, empty, keepFocus, plural, skeleton, tellApart, theirs, topicLink } from "./dom.js";
import { topicMap } from "./map-chart.js";
import { radio } from "./now.js";

let chosen = "7d";

export function map(root) {
  let closed = false, last = null, drawnAt = 0;
  const area = h("div", { class: "map-area" }, skeleton(5));
  const list = h("ol", { class: "map-list" });
  const windows = radio("Window", [["6h", "6h"], ["24h", "24h"], ["7d", "7d"]], () => chosen, (to) => { chosen = to; load(); });
  root.append(
    h("div", { class: "head" }, h("div", {}, h("h1", {}, "Map of topics"), h("p", { class: "count" }, "Near means related: words and people in common. A line joins a topic to its closest.")), h("div", { class: "controls" }, windows.node)),
    h("section", { class: "card", "aria-label": "Map" }, area,
      h("p", { class: "key", "aria-hidden": "true" }, h("span", {}, h("i", { class: "dot up" }), "growing"), h("span", {}, h("i", { class: "dot" }), "steady or shrinking"), h("span", {}, h("i", { class: "dot small" }), h("i", { class: "dot large" }), "few and many people"))),
    h("details", { class: "card as-list" }, h("summary", {}, "The same as a list"), list));

  async function load() {
    try {
      const found = await get(`/api/map?window=${chosen}`);
      if (closed || found === last) return;
      last = found;
      draw();
    } catch (error) {
      if (!closed && !last) area.replaceChildren(empty("The map cannot be drawn just now", error.message));
    }
  }

  function draw() {
    if (!last.items.length) {
      area.replaceChildren(empty("Nothing to map", "No topic had a post in this window."));
      list.replaceChildren();
      return;
    }
    drawnAt = area.clientWidth;
    tellApart(last.items.slice(0, 10).map((item) => item.id));
    keepFocus(root, () => {
      area.replaceChildren();
      topicMap(last, area);
      list.replaceChildren(...last.items.map((item) => h("li", {}, h("i", { style: { background: color(item.id) } }), h("a", { href: topicLink(item.id) }, theirs("span", {}, item.label)), ` ${plural(item.people, "person", "people")}, ${plural(item.posts, "post")}${item.growing ? ", growing" : ""}`)));
    });
  }

  const sized = new ResizeObserver(() => { if (last && area.clientWidth !== drawnAt) draw(); });
  sized.observe(area);
  load();
  return { refresh: load, close() { closed = true; sized.disconnect(); } };
}
