// Topics of too few people for a row, folded: asked for when somebody looks.
import { get } from "./api.js";
import { h, keepFocus, plural, theirs, topicLink } from "./dom.js";

export function quietMentions(window) {
  const list = h("ul", { class: "mentions" });
  const node = h("details", { class: "card quiet", hidden: true, ontoggle: () => load() }, h("summary", {}, "Quiet mentions"), h("p", { class: "hint" }, "What fewer people wrote about than a row needs, or no more than chance would bring together."), list);

  async function load() {
    if (!node.open || node.hidden) return;
    const { items, window: of } = await get(`/api/topics?window=${window()}&sort=people&limit=50`);
    const few = items.filter(({ topic }) => !topic.windows[of].section);
    keepFocus(list, () => list.replaceChildren(...few.map(({ topic }) => h("li", {}, theirs("a", { href: topicLink(topic.id) }, topic.label), h("span", { class: "hint" }, ` ${plural(topic.windows[of].people, "person", "people")}, ${plural(topic.windows[of].posts, "post")}`)))));
    if (!few.length) list.replaceChildren(h("li", { class: "hint" }, "None in this window."));
  }
  return { node, load };
}
