// What happened, newest first, as it happens.
import { get } from "./api.js";
import { h, empty, plural, skeleton, theirs, time, topicLink } from "./dom.js";

const WORDS = {
  born: "New topic", trending: "Trending", merged: "Topics merged", split: "Topic split", faded: "Went quiet",
  revived: "Is back", alias: "Named in a digest", digest: "Digest published", alert: "Alert",
};
const MOST = 200;

export function activity(root) {
  let closed = false, events = null;
  const list = h("ol", { class: "feed" });
  const area = h("div", {}, skeleton(6));
  root.append(h("div", { class: "head" }, h("div", {}, h("h1", {}, "Activity"), h("p", { class: "count" }, "Topics that appear, grow, merge and fade, alerts and digests"))), area);

  async function load() {
    try {
      events = (await get("/api/events?limit=100")).items.reverse();
      if (!closed) draw();
    } catch (error) {
      if (!closed && !events) area.replaceChildren(empty("The activity cannot be read just now", error.message));
    }
  }

  function draw() {
    if (!events.length) {
      area.replaceChildren(empty("Nothing happened yet", "The first topic is announced here."));
      return;
    }
    list.replaceChildren(...events.map(entry));
    if (!list.isConnected) area.replaceChildren(h("section", { class: "card" }, list));
  }

  load();
  return {
    refresh: load,
    event(event) {
      if (!events || events.some((known) => known.id === event.id)) return;
      events = [event, ...events].slice(0, MOST);
      draw();
      list.firstElementChild?.classList.add("appears");
    },
    close() { closed = true; },
  };
}

function entry(event) {
  const { data } = event;
  const title = event.kind === "digest" ? h("a", { href: `#/digests/${data.week}` }, `${data.week}: `, theirs("span", {}, data.headline))
    : event.topic_id ? h("a", { href: topicLink(event.topic_id), dir: "auto" }, data.label || data.title || event.topic_id) : theirs("span", {}, data.title ?? "");
  const more = [data.people && plural(data.people, "person", "people"), data.posts && plural(data.posts, "post"), data.reason || data.text].filter(Boolean).join(" · ");
  return h("li", { class: event.kind }, h("span", { class: "badge " + event.kind }, WORDS[event.kind] ?? event.kind), h("div", {}, title, more && theirs("p", {}, more)), time(event.at));
}
