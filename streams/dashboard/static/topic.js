// One topic: what it is, how it grew, its hours, posts, people, links, life and neighbours.
import { get } from "./api.js";
import { h, color, copyLink, day, empty, keepFocus, number, outside, plural, skeleton, theirs, time, topicLink, when } from "./dom.js";
import { bars } from "./charts.js";
import { bare, card, face, postLink } from "./posts.js";
import { badge } from "./rows.js";
import { sum } from "./shapes.js";

const PAGE = 20, MOST = 100;
const SORTS = { time: "Newest first", influence: "Most influential first" };
let sort = "time";
const STEPS = {
  born: "Became a topic", trending: "Trending", merged: "Took in other topics", split: "Split",
  faded: "Went quiet", revived: "Came back", calmed: "Calmed down", gathered: "Posts of other topics came", alias: "Named in a digest",
};

export function topic(root, id, { newest }) {
  let closed = false, shown = PAGE, drawn = "", redraw = () => {}, influence = null;
  root.append(skeleton(6));

  async function load() {
    try {
      const [detail, list] = await Promise.all([
        get(`/api/topics/${encodeURIComponent(id)}`),
        get(`/api/topics/${encodeURIComponent(id)}/posts?limit=${MOST}`),
      ]);
      if (sort === "influence") influence ??= await influences();
      if (closed) return;
      const now = newest() ?? detail.newest;
      const key = JSON.stringify([detail, list, sort, shown]);
      if (key !== drawn) keepFocus(root, () => draw(detail, list, now));
      drawn = key;
    } catch (error) {
      if (!closed && !drawn) root.replaceChildren(back(), empty(error.status === 404 ? "This topic is gone" : "This topic cannot be read just now", error.message));
    }
  }

  function draw(detail, list, now) {
    const one = detail.topic, plot = h("div", { class: "bars-area" });
    const own = list.items.filter((post) => !post.support), repeats = list.items.filter((post) => post.support);
    if (sort === "influence") own.sort((a, b) => weight(b) - weight(a) || b.retweets - a.retweets || b.likes - a.likes);
    // few posts are few bars: four hours each say more than one
    const bin = detail.series && sum(detail.series.posts) < detail.series.posts.length ? 4 : 1, span = bin === 1 ? "hour" : `${bin} hours`;
    const sorts = h("label", { class: "select" }, h("span", { class: "sr" }, "Order of the posts"), h("select", { id: "order", onchange: (event) => { sort = event.target.value; load(); } }, Object.entries(SORTS).map(([key, name]) => h("option", { value: key, selected: key === sort }, name))));
    document.title = `${detail.label} · Top Topics`;
    root.replaceChildren(back(),
      h("article", { class: "topic", style: { "--topic": color(detail.id) } },
        h("header", {},
          h("h1", { dir: "auto" }, detail.label),
          one && h("p", { class: "sub" }, badge(one.windows["24h"]), h("span", { class: "reason" }, growth(one.windows["7d"]))),
          lead(detail, own),
          h("div", { class: "does" }, copyLink(`/topics/${encodeURIComponent(detail.id)}`), alertMe(detail)),
          one && facts(one, detail)),
        detail.series && h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "How it went"), h("p", {}, `Posts per ${span}, UTC`)), h("div", { class: "plot" }, plot)),
        h("div", { class: "two" },
          h("section", { class: "posts-area", "aria-labelledby": "posts-title" },
            h("div", { class: "head" }, h("h2", { id: "posts-title" }, "Posts ", h("small", {}, number(list.total))), own.length > 1 && sorts),
            sort === "influence" && !influence?.size && h("p", { class: "hint" }, "The influence of people is not known just now: ordered by reposts and likes."),
            list.items.length ? h("ul", { class: "posts" }, own.slice(0, shown).map((post) => card(post, now))) : empty("No posts are kept", "They were deleted, or are older than what is kept."),
            own.length > shown && h("button", { type: "button", id: "more", class: "more", onclick: () => { shown += PAGE * 2; load(); } }, `Show more of ${number(own.length)}`),
            repeats.length > 0 && h("details", { class: "repeats" }, h("summary", {}, `${plural(repeats.length, "repeat")} of these`), h("ul", { class: "posts" }, repeats.map((post) => card(post, now)))),
            list.total > list.items.length && h("p", { class: "rest" }, `The newest ${MOST} of ${number(list.total)} posts.`)),
          h("div", { class: "aside" }, links(detail.links), people(detail.people), life(detail.lineage, detail.aliases), near(detail.related)))));
    redraw = () => { if (detail.series && plot.clientWidth) bars(detail.series, bin, plot, `Posts per ${span} since ${when(detail.series.start)}: ${plural(detail.posts_total, "post")}`); };
    redraw();
  }

  const weight = (post) => influence?.get(post.author_id.toLowerCase()) ?? influence?.get(post.author.toLowerCase()) ?? 0;

  let width = 0;
  const sized = new ResizeObserver(() => { if (root.clientWidth !== width) { width = root.clientWidth; redraw(); } });
  sized.observe(root);
  load();
  return {
    refresh: load,
    close() { closed = true; sized.disconnect(); document.title = "Top Topics"; },
  };
}

const back = () => h("p", { class: "back" }, h("a", { href: "#/" }, h("span", { "aria-hidden": "true" }, "← "), "All topics"));

// Listed people by id and handle; empty where the list cannot be read.
async function influences() {
  const { people: listed } = await get("/api/influencers").catch(() => ({ people: [] }));
  return new Map(listed.flatMap((one) => [one.id, ...Object.values(one.handles)].map((name) => [name.toLowerCase().replace(/^@/, ""), one.influence ?? 0])));
}

// What it is: the words of the digest that tells it, else of the post that tells it best.
function lead({ digest, topic: one }, own) {
  if (digest) {
    const section = `#/digests/${digest.week}/posts/${encodeURIComponent(digest.section)}`;
    return h("blockquote", { class: "card cited" }, theirs("p", {}, digest.text), h("p", { class: "hint" }, "From the ", h("a", { href: section }, "digest of ", digest.week), ", with its posts"));
  }
  const best = [...own].sort((a, b) => b.retweets - a.retweets || b.likes - a.likes)[0];
  const [text, author, post] = one?.line ? [one.line.text, one.line.author, one.line.post_id] : best ? [best.text.slice(0, 280), best.author, best.id] : [];
  return text && h("blockquote", { class: "card cited" }, theirs("q", {}, text), h("p", { class: "hint" }, h("a", { href: postLink(post) }, `@${author}`)));
}

const growth = ({ posts, before }) => `${plural(posts, "post")} in the last 7 days, ${number(before)} in the 7 days before`;

// A rule for `toptopics alerts`, which delivers to mail, chats and webhooks.
function alertMe({ label, topic: one }) {
  const words = JSON.stringify((one?.keywords ?? []).slice(0, 2));
  const rule = `channels:\n  me: env:MY_ADDRESS\nrules:\n  - {name: ${JSON.stringify(label.slice(0, 60))}, words: ${words}, send: [me]}\n`;
  return one && h("details", {}, h("summary", {}, "Alert me"), h("p", { class: "hint" }, "Save this as ", h("code", {}, "rules.yaml"), ", and run ", h("code", {}, "toptopics alerts rules.yaml"), ". Each new topic with one of these words is announced by mail, chat or webhook."), h("pre", { tabindex: 0 }, rule));
}

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
