// What changed from one digest to the next: stories that grew, are new, shrank or are gone.
import { get } from "./api.js";
import { h, empty, keepFocus, plural, skeleton, theirs } from "./dom.js";

const PARTS = {
  grown: ["Grew", "More people than the week before"],
  shrunk: ["Shrank", "Fewer people than the week before"],
  new: ["New", "Not in the digest before"],
  gone: ["Gone", "In the digest before, not in this one"],
  steady: ["As before", "As many people as the week before"],
};

export function changes(root, chosen) {
  let closed = false;
  root.append(skeleton(5));

  async function load() {
    try {
      const { items } = await get("/api/digests?limit=50");
      const week = items.some((one) => one.week === chosen) ? chosen : items[0]?.week;
      const place = items.findIndex((one) => one.week === week);
      const found = items[place + 1] ? await get(`/api/digests/${week}/changes`) : null;
      if (!closed) keepFocus(root, () => draw(items, place, found));
    } catch (error) {
      if (!closed && !root.querySelector(".changes")) root.replaceChildren(empty("The changes cannot be read just now", error.message));
    }
  }

  function draw(items, place, found) {
    const older = items[place + 1], newer = items[place - 1];
    const turn = (to, sign, words) => to && h("a", { href: `#/changes/${to.week}`, "aria-label": `${words}, ${to.week}` }, sign);
    const head = h("div", { class: "head" }, h("div", {}, h("h1", {}, "What changed"), h("p", { class: "count" }, found ? ["The digest of ", link(found.week), " against that of ", link(found.before), "."] : "From one digest to the next.")),
      items.length > 0 && h("span", { class: "turn" }, items[place + 2] && turn(older, "←", "The week before"), h("b", {}, items[place].week), turn(newer, "→", "The week after")));
    if (!found) {
      root.replaceChildren(head, empty("Nothing to compare yet", "From the second digest on, this page shows which stories are new, grew, shrank or are gone."));
      return;
    }
    const most = Math.max(1, ...Object.values(found.changes).flat().map((one) => Math.max(one.people ?? 0, one.people_before ?? 0)));
    root.replaceChildren(head, h("div", { class: "changes" }, Object.entries(PARTS).filter(([kind]) => found.changes[kind].length).map(([kind, [title, text]]) =>
      h("section", { class: `card side ${kind}` }, h("h2", {}, `${title} `, h("small", {}, found.changes[kind].length)), h("p", { class: "hint" }, text),
        h("ol", {}, found.changes[kind].map((one) => row(one, kind === "gone" ? found.before : found.week, most)))))));
  }

  load();
  return { refresh: load, event: (event) => { if (event.kind === "digest") load(); }, close() { closed = true; } };
}

const link = (week) => h("a", { href: `#/digests/${week}` }, week);

function row(one, week, most) {
  const people = [one.people_before, one.people].filter((count) => count !== null);
  const words = people.length === 2 ? `${people[0]} → ${plural(people[1], "person", "people")}`
    : one.people === null ? `${plural(one.people_before, "person", "people")} before${one.posts ? `, ${plural(one.posts, "post")} now` : ""}`
    : one.posts_before ? `${one.posts_before} → ${plural(one.posts, "post")}, ${plural(one.people, "person", "people")} now` : plural(one.people, "person", "people");
  const bar = (count, kind) => count !== null && h("i", { class: kind, style: { width: `${(100 * count) / most}%` } });
  return h("li", {}, h("p", {}, theirs("a", { href: `#/digests/${week}/posts/${encodeURIComponent(one.id)}` }, one.label)), h("p", { class: "hint" }, words), h("div", { class: "beside", "aria-hidden": "true" }, bar(one.people_before, "was"), bar(one.people, "is")));
}
