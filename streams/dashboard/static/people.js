// Who is listened to: share of the posts, influence and its reasons, silence; changes of the list; whom to add.
import { ask, get } from "./api.js";
import { h, ago, doing, empty, keepFocus, number, outside, plural, skeleton, theirs } from "./dom.js";
import { face } from "./posts.js";

const PLATFORMS = { Bluesky: ["bluesky", "ada.bsky.social"], X: ["x", "ada"], Mastodon: ["mastodon", "ada@example.social"], "Feed (RSS, Atom)": ["rss", "https://ada.example/feed.xml"] };
const PARTS = { graph: "passed on, quoted and answered", reach: "liked and reposted", curated: "weight in the list" };

export function people(root, _argument, { newest }) {
  let closed = false;
  const said = h("p", { role: "status", class: "said" });
  const tell = doing(said, () => load());
  const list = h("section", { class: "card side" }, skeleton(6));
  const more = h("section", { class: "card side" }, h("h2", {}, "Whom to add"), skeleton(2));
  const name = h("input", { id: "person-name", required: true, maxlength: 300, autocomplete: "off", placeholder: "Ada Example" });
  const kind = h("select", { id: "person-kind", onchange: explain }, Object.keys(PLATFORMS).map((one) => h("option", {}, one)));
  const handle = h("input", { id: "person-handle", required: true, autocomplete: "off", spellcheck: "false" });
  const file = h("input", { id: "person-file", type: "file", accept: ".txt,.csv,.jsonl,.json,.opml,.xml", onchange: importing });
  const form = h("form", { class: "card side ask", onsubmit: adding }, h("h2", {}, "Add a person"),
    h("label", { for: "person-name" }, "Name"), name, h("label", { for: "person-kind" }, "On"), h("span", { class: "select" }, kind),
    h("label", { for: "person-handle" }, "Handle or address"), handle, h("button", { type: "submit", class: "more" }, "Add"),
    h("label", { for: "person-file" }, "Or a file: handles, CSV, JSON Lines, OPML"), file);
  const count = h("p", { class: "count" }, "Whose posts these are.");
  root.append(h("div", { class: "head" }, h("div", {}, h("h1", {}, "People"), count)), said, h("div", { class: "two" }, h("div", {}, list), h("div", { class: "aside" }, form, more)));

  function explain() { handle.placeholder = PLATFORMS[kind.value][1]; }

  function adding(event) {
    event.preventDefault();
    const person = { name: name.value, [PLATFORMS[kind.value][0]]: handle.value };
    tell("Adding …", async () => {
      const { listed } = await ask("POST", "/api/influencers", person);
      form.reset();
      explain();
      return `${person.name} is on the list of ${plural(listed, "person", "people")}. The sources follow within seconds.`;
    });
  }

  async function importing() {
    const [chosen] = file.files;
    if (!chosen) return;
    const text = await chosen.text();
    file.value = "";
    tell("Importing …", async () => `${plural((await ask("POST", "/api/influencers/import", { text })).listed, "person", "people")} on the list.`);
  }

  async function load() {
    try {
      const known = await get("/api/influencers");
      if (closed) return;
      count.textContent = `Whose posts these are: ${plural(known.people.length, "person", "people")}. Shares and influence are of the last ${known.days} days.`;
      keepFocus(list, () => list.replaceChildren(known.people.length ? h("ul", { class: "listed" }, known.people.map((one) => row(one, known.days))) : empty("Nobody is listed yet", "Add a person, or a file of handles. The posts of listed people are read.")));
    } catch (error) {
      if (!closed) list.replaceChildren(empty("The list cannot be read just now", error.message));
    }
    try {
      const found = await get("/api/influencers/suggestions?limit=8");
      if (!closed) keepFocus(more, () => more.replaceChildren(h("h2", {}, "Whom to add"), found.length ? h("ul", { class: "deliveries" }, found.map(suggested)) : h("p", { class: "hint" }, "The listed people pass on, quote and answer nobody else.")));
    } catch {
      if (!closed) more.replaceChildren(h("h2", {}, "Whom to add"), h("p", { class: "hint" }, "Not known just now."));
    }
  }

  function row(one, days) {
    const why = Object.entries(one.parts).map(([part, value]) => `${PARTS[part] ?? part} ${Math.round(value * 100)} %`).join(", ");
    const silent = one.last_post ? `last post ${ago(one.last_post, newest() ?? new Date().toISOString())}` : `silent for ${days} days or more`;
    return h("li", {}, face(one.name),
      h("div", {}, h("p", {}, theirs("b", {}, one.name), " ", theirs("span", { class: "handle" }, Object.values(one.handles).join(" · "))),
        h("p", { class: "hint" }, `${plural(one.posts, "post")}, ${Math.round(one.share * 1000) / 10} % of all; ${silent}`),
        one.influence !== null && h("p", { class: "hint" }, `Influence ${Math.round(one.influence * 100)} of 100: ${why}`)),
      one.influence === null ? h("span", { class: "n" }, "–") : h("meter", { min: 0, max: 1, value: one.influence, "aria-label": `influence of ${one.name}` }),
      h("button", { type: "button", id: `off-${one.id}`, "aria-label": `Remove ${one.name}`, onclick: () => tell("Removing …", async () => { await ask("DELETE", `/api/influencers/${encodeURIComponent(one.id)}`); return `${one.name} is not read any more; the posts stay.`; }) }, "Remove"));
  }

  function suggested(one) {
    return h("li", {}, h("p", {}, theirs("b", {}, `@${one.handle}`), " ", h("span", { class: "hint" }, `by ${plural(one.by.length, "person", "people")}, ${number(one.score)} votes`)),
      one.evidence.slice(0, 1).map((post) => h("p", { class: "hint" }, outside(post.url ?? "", { dir: "auto" }, post.text.slice(0, 140)), ` – @${post.author}`)),
      h("p", { class: "does" }, h("button", { type: "button", id: `add-${one.handle}`, onclick: () => { name.value = handle.value = one.handle; handle.focus(); } }, "Take over into the form")));
  }

  explain();
  load();
  return { refresh: load, close() { closed = true; } };
}
