// A row of the ranking, changed in place: a list that is built anew would take focus, hover and selection away.
import { h, ago, color, number, outside, theirs, topicLink } from "./dom.js";
import { bare } from "./posts.js";
import { spark } from "./charts.js";

export const WINDOWS = { "1h": "hour", "6h": "6 hours", "24h": "day", "7d": "week" };

export function row(id) {
  const parts = {
    rank: h("b"), label: h("a", { href: topicLink(id), class: "label", dir: "auto" }), sub: h("p", { class: "sub" }), line: h("p", { class: "told", dir: "auto" }),
    trace: h("div", { class: "trace" }), people: h("b"), person: h("span", { class: "unit" }), posts: h("b"), post: h("span", { class: "unit" }), change: h("span", { class: "change" }),
  };
  const node = h("li", { "data-id": id },
    h("div", { class: "rank" }, parts.rank),
    h("div", { class: "what" }, parts.label, parts.line, parts.sub),
    parts.trace,
    h("div", { class: "figure n-people" }, parts.people, parts.person),
    h("div", { class: "figure n-posts" }, parts.posts, parts.post, parts.change));
  let before = null, drawn = {};
  // draw only what differs
  const set = (name, key, draw) => {
    if (drawn[name] === key) return;
    drawn[name] = key;
    draw();
  };
  return {
    node,
    update({ rank, spark: trace, topic: one }, window, newest) {
      const stats = one.windows[window];
      set("rank", rank, () => { parts.rank.textContent = rank; });
      set("label", one.label, () => { parts.label.textContent = one.label; });
      set("sub", JSON.stringify([stats.badge, stats.reason, one.keywords, ago(one.last_at, newest)]), () => parts.sub.replaceChildren(...[badge(stats), stats.section && h("span", { class: "reason" }, stats.reason), h("span", { class: "words" }, one.keywords.slice(0, 5).map((word) => theirs("span", {}, word))), h("span", { class: "ago" }, ago(one.last_at, newest))].filter(Boolean)));
      set("line", JSON.stringify(one.line), () => parts.line.replaceChildren(...(one.line ? [theirs("q", {}, one.line.text), " ", theirs("span", { class: "by" }, `@${one.line.author}`), ...(one.line.url ? [" ", outside(one.line.url, {}, bare(one.line.url).split("/")[0])] : [])] : [])));
      set("trace", `${window} ${trace}`, () => parts.trace.replaceChildren(spark(trace, `Posts over the last ${WINDOWS[window]}: ${trace.reduce((a, b) => a + b, 0)} in all`)));
      parts.trace.style.setProperty("color", color(id));
      set("people", stats.people, () => { parts.people.textContent = number(stats.people); parts.person.textContent = stats.people === 1 ? "person" : "people"; });
      set("posts", stats.posts, () => { parts.posts.textContent = number(stats.posts); parts.post.textContent = stats.posts === 1 ? "post" : "posts"; });
      set("change", `${stats.posts} ${stats.before}`, () => change(parts.change, stats));
      if (before !== null && before !== stats.posts) flash(node);
      before = stats.posts;
    },
  };
}

function flash(node) {
  node.classList.remove("changed");
  void node.offsetWidth; // the animation starts again
  node.classList.add("changed");
}

export function badge(stats) {
  return stats.badge ? h("span", { class: `badge ${stats.badge}` }, stats.badge) : null;
}

// Per cent of next to nothing says nothing: below five posts there is none.
function change(node, { posts, before }) {
  const percent = before >= 5 ? Math.round(((posts - before) / before) * 100) : 0;
  node.className = `change ${percent > 0 ? "up" : percent < 0 ? "down" : ""}`;
  node.title = before ? `${before} in the window before` : "none in the window before";
  node.textContent = percent ? `${percent > 0 ? "+" : "−"}${number(Math.abs(percent))} %` : "";
}
