// Topics by what they have in common.
import { get } from "./api.js";
import { h, color, empty, plural, skeleton, theirs, topicLink } from "./dom.js";
import { topicMap } from "./charts.js";
import { radio } from "./now.js";

let chosen = "7d";

export function map(root) {
  let closed = false, last = null;
  const area = h("div", { class: "map-area" }, skeleton(5));
  const list = h("ol", { class: "map-list" });
  const windows = radio("Window", [["6h", "6h"], ["24h", "24h"], ["7d", "7d"]], () => chosen, (to) => { chosen = to; load(); });
  root.append(
    h("div", { class: "head" }, h("div", {}, h("h1", {}, "Map of topics"), h("p", { class: "count" }, "Near means related: words and people in common. Size is the number of people; a full colour means that it is growing.")), h("div", { class: "controls" }, windows.node)),
    h("section", { class: "card" }, area),
    h("details", { class: "card as-list" }, h("summary", {}, "The same as a list"), list));

  async function load() {
    try {
      last = await get(`/api/map?window=${chosen}`);
      if (!closed) draw();
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
    const width = area.clientWidth - 16;
    const had = document.activeElement?.closest?.(".map a")?.getAttribute("href");
    area.replaceChildren(topicMap(last, { width, height: width > 640 ? 600 : 620 }));
    if (had) area.querySelector(`a[href="${CSS.escape(had)}"]`)?.focus();
    list.replaceChildren(...last.items.map((item) => h("li", {}, h("i", { style: { background: color(item.id) } }), h("a", { href: topicLink(item.id) }, theirs("span", {}, item.label)), ` ${plural(item.people, "person", "people")}, ${plural(item.posts, "post")}`)));
  }

  const resized = () => { if (last) draw(); };
  addEventListener("resize", resized);
  load();
  return { refresh: load, close() { closed = true; removeEventListener("resize", resized); } };
}
