// One topic: its hours, posts, people, links, life and neighbours.
import { get } from "./api.js";
import { h, color, day, empty, keepFocus, number, outside, plural, skeleton, theirs, time, topicLink, when } from "./dom.js";
import { bars } from "./charts.js";
import { bare, card, face } from "./posts.js";

const PAGE = 20;
const STEPS = {
  born: "Became a topic", trending: "Trending", merged: "Took in other topics", split: "Split",
  faded: "Went quiet", revived: "Came back", calmed: "Calmed down", gathered: "Posts of other topics came", alias: "Named in a digest",
};

export function topic(root, id, { newest }) {
  let closed = false, shown = PAGE, drawn = "", redraw = () => {};
  root.append(skeleton(6));

  async function load() {
    try {
      const [detail, list] = await Promise.all([
        get(`/api/topics/${encodeURIComponent(id)}`),
        get(`/api/topics/${encodeURIComponent(id)}/posts?limit=${Math.min(100, shown)}`),
      ]);
      if (closed) return;
      const now = newest() ?? detail.newest;
      const key = JSON.stringify([detail, list]);
      if (key !== drawn) keepFocus(root, () => draw(detail, list, now));
      drawn = key;
    } catch (error) {
      if (!closed && !drawn) root.replaceChildren(back(), empty(error.status === 404 ? "This topic is gone" : "This topic cannot be read just now", error.message));
    }
  }

  function draw(detail, list, now) {
    const one = detail.topic, plot = h("div", { class: "bars-area" });
    document.title = `${detail.label} · Top Topics`;
    root.replaceChildren(back(),
      h("article", { class: "topic", style: { "--topic": color(detail.id) } },
        h("header", {},
          h("h1", { dir: "auto" }, detail.label),
          one && h("p", { class: "sub" }, h("span", { class: "words" }, one.keywords.map((word) => theirs("span", {}, word)))),
          one && facts(one, detail)),
        detail.series && h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Hour by hour"), h("p", {}, "Posts per hour, UTC")), h("div", { class: "plot" }, plot)),
        h("div", { class: "two" },
          h("section", { class: "posts-area", "aria-labelledby": "posts-title" },
            h("h2", { id: "posts-title" }, "Posts ", h("small", {}, number(list.total))),
            list.items.length ? h("ul", { class: "posts" }, list.items.map((post) => card(post, now))) : empty("No posts are kept", "They were deleted, or are older than what is kept."),
            list.total > list.items.length && shown < 100 && h("button", { type: "button", id: "more", class: "more", onclick: () => { shown += PAGE * 2; load(); } }, `Show more of ${number(list.total)}`)),
          h("div", { class: "aside" }, links(detail.links), people(detail.people), life(detail.lineage, detail.aliases), near(detail.related)))));
    redraw = () => { if (detail.series) bars(detail.series, plot, `Posts per hour since ${when(detail.series.start)}: ${plural(detail.posts_total, "post")}`); };
    redraw();
  }

  let width = root.clientWidth;
  const sized = new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; redraw(); } });
  sized.observe(root);
  load();
  return {
    refresh: load,
    close() { closed = true; sized.disconnect(); document.title = "Top Topics"; },
  };
}

const back = () => h("p", { class: "back" }, h("a", { href: "#/" }, h("span", { "aria-hidden": "true" }, "← "), "All topics"));

function facts(one, detail) {
  const pairs = [
    [number(one.people), one.people === 1 ? "person" : "people"],
    [number(one.posts), one.posts === 1 ? "post" : "posts"],
    [number(one.windows["24h"].posts), "in the last day"],
    [day(one.first_at), "first post"],
  ];
  return h("dl", { class: "facts", title: detail.id }, pairs.map(([value, name]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function links(all) {
  if (!all.length) return null;
  return h("section", { class: "card side" }, h("h2", {}, "Links"), h("ol", { class: "links" }, all.slice(0, 10).map((link) =>
    h("li", {}, outside(link.url, { dir: "auto" }, link.title || bare(link.url)), h("p", {}, [link.site || bare(link.url).split("/")[0], link.kind && link.kind !== "page" ? link.kind : null, plural(link.posts, "post")].filter(Boolean).join(" · "))))));
}

function people(all) {
  if (!all.length) return null;
  const top = Math.max(...all.map((one) => one.posts));
  return h("section", { class: "card side" }, h("h2", {}, "People ", h("small", {}, all.length)), h("ul", { class: "people-list" }, all.slice(0, 12).map((one) =>
    h("li", {}, face(one.name), h("span", {}, theirs("b", {}, one.name), h("span", { class: "handle" }, `@${one.handle}`)), h("meter", { min: 0, max: top, value: one.posts, "aria-label": plural(one.posts, "post") }), h("span", { class: "n" }, one.posts)))),
    all.length > 12 && h("p", { class: "rest" }, `and ${plural(all.length - 12, "other")}`));
}

function life(events, aliases) {
  if (!events.length) return null;
  const shown = events.length > 12 ? [events[0], ...events.slice(-11)] : [...events]; // its birth stays in sight
  return h("section", { class: "card side" }, h("h2", {}, "Life of the topic"), h("ol", { class: "life" }, shown.reverse().map((event) =>
    h("li", { class: event.kind }, h("b", {}, STEPS[event.step || event.kind] ?? event.kind), time(event.at), event.reason && theirs("p", {}, event.reason)))),
    aliases.length > 0 && h("p", { class: "rest" }, `Also known as ${aliases.slice(0, 5).join(", ")}`));
}

function near(all) {
  if (!all.length) return null;
  return h("section", { class: "card side" }, h("h2", {}, "Related"), h("ul", { class: "near" }, all.map((one) =>
    h("li", {}, h("i", { style: { background: color(one.id) } }), h("a", { href: topicLink(one.id), dir: "auto" }, one.label)))));
}
