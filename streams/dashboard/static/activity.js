// What happened, newest first, as it happens.
import { get } from "./api.js";
import { h, empty, keepFocus, number, plural, skeleton, theirs, time, topicLink } from "./dom.js";
import { radio } from "./now.js";

const WORDS = {
  born: "New topic", trending: "Trending", merged: "Topics merged", split: "Topic split", faded: "Went quiet",
  revived: "Is back", calmed: "Calmed down", gathered: "Grew together", alias: "Named in a digest", digest: "Digest published", alert: "Alert",
};
const MOST = 2000, ROWS = 25;
// what a reader wants to know; how the model moves its topics is behind a switch
const KINDS = {
  News: (event) => ["born", "trending", "digest", "alert"].includes(event.kind),
  Digests: (event) => event.kind === "digest" || event.kind === "alias",
  Alerts: (event) => event.kind === "alert",
  "Every step": () => true,
};
let kind = "News";

export function activity(root) {
  let closed = false, events = null, oldest = false;
  const list = h("ol", { class: "feed" });
  const more = h("button", { type: "button", id: "more", class: "more", onclick: () => older().then(draw, () => {}) }, "Show older");
  const area = h("div", {}, skeleton(6));
  const kinds = radio("Show", Object.keys(KINDS).map((name) => [name, name]), () => kind, (to) => { kind = to; if (events) load(); });
  root.append(h("div", { class: "head" }, h("div", {}, h("h1", {}, "Activity"), h("p", { class: "count" }, "New and trending topics, digests and alerts; “Every step” adds how topics merge, split, fade and get their names")), h("div", { class: "controls" }, kinds.node)), area);

  async function load() {
    try {
      const fresh = (await get("/api/events?limit=100")).items.reverse();
      const known = new Set(events?.map((event) => event.id)); // after the wait: the stream may have told some of them
      const met = fresh.some((event) => known.has(event.id));
      events = met ? [...fresh.filter((event) => !known.has(event.id)), ...events] : fresh;
      if (!met) oldest = false;
      // a digest names dozens of topics at once: fill the page all the same
      while (!oldest && events.length < MOST && grouped(events.filter(KINDS[kind])).length < ROWS) await older();
      if (!closed) draw();
    } catch (error) {
      if (!closed && !events) area.replaceChildren(empty("The activity cannot be read just now", error.message));
    }
  }

  // Two loads may overlap (the stream of events starts anew while the page loads): a page is added where it belongs, once.
  async function older() {
    const last = events.at(-1)?.id;
    const page = last ? (await get(`/api/events?limit=100&before=${last}`)).items.reverse() : [];
    if (events.at(-1)?.id !== last) return;
    events.push(...page);
    oldest = page.length < 100;
  }

  function draw() {
    if (!events.length) {
      area.replaceChildren(empty("Nothing happened yet", "The first topic is announced here."));
      return;
    }
    const shown = grouped(events.filter(KINDS[kind]));
    keepFocus(list, () => list.replaceChildren(...shown.map(entry)));
    if (!shown.length) {
      area.replaceChildren(empty("None of these lately", "None of the events that are loaded is of this kind."));
      return;
    }
    if (!list.isConnected) area.replaceChildren(h("section", { class: "card" }, list), more);
    more.hidden = oldest;
  }

  load();
  return {
    refresh: load,
    event(event) {
      if (!events || events.some((known) => known.id === event.id)) return;
      events = [event, ...events];
      if (events.length > MOST) { events.length = MOST; oldest = false; }
      draw();
      list.firstElementChild?.classList.add("appears");
    },
    close() { closed = true; },
  };
}

// A digest names dozens of topics at once: one line for all that follow each other.
function grouped(all) {
  const found = [];
  for (const event of all) {
    const last = found.at(-1);
    if (event.kind === "alias" && last?.kind === "alias" && last.data.week === event.data.week) last.others.push(event);
    else found.push({ ...event, others: [] });
  }
  return found;
}

function entry(event) {
  return event.others.length ? names(event) : single(event);
}

function names(event) {
  const all = [event, ...event.others], told = all.slice(0, 6);
  const title = h("a", { href: `#/digests/${event.data.week}` }, `${number(all.length)} topics of ${event.data.week}`);
  const links = told.map((one) => h("a", { href: topicLink(one.topic_id), dir: "auto" }, one.data.label));
  return h("li", { class: event.kind }, h("span", { class: "badge" }, WORDS.alias), h("div", {}, title, h("p", { class: "together" }, links, all.length > told.length && h("span", {}, `and ${plural(all.length - told.length, "other")}`))), time(event.at));
}

function single(event) {
  const { data } = event;
  const title = event.kind === "digest" ? h("a", { href: `#/digests/${data.week}` }, `${data.week}: `, theirs("span", {}, data.headline))
    : event.topic_id ? h("a", { href: topicLink(event.topic_id), dir: "auto" }, data.label || data.title || event.topic_id) : theirs("span", {}, data.title ?? "");
  // why a topic was born is told by these two numbers
  const counts = event.kind === "born" && data.reason ? [] : [data.people && plural(data.people, "person", "people"), data.posts && plural(data.posts, "post")];
  const more = [...counts, data.reason || data.text].filter(Boolean).join(" · ");
  return h("li", { class: event.kind }, h("span", { class: "badge " + event.kind }, WORDS[event.kind] ?? event.kind), h("div", {}, title, more && theirs("p", {}, more)), time(event.at));
}
