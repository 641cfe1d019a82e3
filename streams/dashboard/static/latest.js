// The latest digest, above what is being talked about now.
import { get } from "./api.js";
import { h, day, theirs } from "./dom.js";

export function latest() {
  const node = h("section", { class: "card latest", "aria-label": "Latest digest", hidden: true });
  let drawn = "";
  return {
    node,
    async load() {
      const { items: [newest], due_at: due } = await get("/api/digests?limit=1");
      node.hidden = !newest;
      if (!newest || drawn === JSON.stringify([newest, due])) return;
      drawn = JSON.stringify([newest, due]);
      const last = new Date(new Date(newest.end) - 1).toISOString();
      node.replaceChildren(
        h("p", { class: "span" }, `Digest of ${day(newest.start)} – ${day(last)}`, new Date(due) > new Date() && ` · the next is due ${day(due)}`),
        h("h2", {}, theirs("a", { href: `#/digests/${newest.week}` }, newest.headline)),
        h("p", { class: "does" }, h("a", { href: `#/digests/${newest.week}` }, "Read it"), h("a", { href: "#/subscribe" }, "Get it by mail, chat or feed")));
    },
  };
}
