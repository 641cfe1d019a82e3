// Posts as cards, one post, and the posts behind a section of a digest.
import { get } from "./api.js";
import { h, ago, day, empty, outside, plural, skeleton, theirs, time, topicLink, when } from "./dom.js";

export const postLink = (id, week = "") => `#/posts/${encodeURIComponent(id)}${week ? `?week=${week}` : ""}`;

const PLATFORMS = [[/^(www\.)?(x|twitter)\.com$/, "X"], [/^bsky\.app$/, "Bluesky"]];
const platform = (url) => {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return PLATFORMS.find(([pattern]) => pattern.test(host))?.[1] ?? host.replace(/^www\./, "");
};

export function card(post, now) {
  const said = withoutTargets(post);
  // a long one scrolls, and has to do so by keyboard too
  const long = said.length > 250 || said.split("\n").length > 10;
  const text = theirs("p", { class: "text", tabindex: long ? 0 : null }, said.length > 1200 ? `${said.slice(0, 1200)}…` : said);
  const at = now ? h("time", { datetime: post.created_at, title: `${day(post.created_at)}, ${when(post.created_at)} UTC` }, ago(post.created_at, now)) : time(post.created_at);
  return h("li", { class: post.support ? "post echo" : "post" },
    h("div", { class: "by" }, face(post.author_name), h("div", {}, theirs("b", {}, post.author_name), h("span", { class: "handle", dir: "ltr" }, `@${post.author}`)), h("a", { class: "at", href: postLink(post.id), "aria-label": `Post by ${post.author_name}, ${when(post.created_at)}` }, at)),
    text,
    post.links.length > 0 && h("ul", { class: "targets" }, post.links.slice(0, 3).map((link) => h("li", {}, outside(link.url, { dir: "auto" }, link.title || bare(link.url))))),
    h("p", { class: "meta" }, post.url && outside(post.url, { class: "original" }, `Original on ${platform(post.url)}`), post.kind !== "original" && h("span", { class: "badge" }, post.kind), post.support && h("span", {}, "repeats another post"), post.likes > 0 && h("span", {}, plural(post.likes, "like")), post.retweets > 0 && h("span", {}, plural(post.retweets, "repost"))));
}

export function face(name) {
  const letters = [...name.replace(/[^\p{L}\p{N} ]/gu, "").trim()];
  const hue = [...name].reduce((total, letter) => total + letter.codePointAt(0), 0) % 10;
  return h("span", { class: "face", "aria-hidden": "true", style: { background: `var(--c${hue})` } }, (letters[0] ?? "?").toUpperCase());
}

// Addresses at the end that stand below as links.
function withoutTargets({ text, links: targets }) {
  let said = text.trimEnd();
  for (let i = 0; i < 3; i++) {
    const last = /\s(https?:\/\/\S+)$/.exec(said);
    if (!last || !targets.slice(0, 3).some((link) => link.url === last[1])) break;
    said = said.slice(0, last.index).trimEnd();
  }
  return said;
}

export const bare = (url) => url.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "").slice(0, 70);

const back = (href, words) => h("p", { class: "back" }, h("a", { href }, h("span", { "aria-hidden": "true" }, "← "), words));

// One post. `week`: of the digest that led here, which still says something of a post that is gone.
export function post(root, id, { argument: week }) {
  let closed = false;
  root.append(skeleton(2));

  async function load() {
    const detail = await get(`/api/posts/${encodeURIComponent(id)}`).catch((error) => error);
    const digest = week ? (await get(`/api/digests/${week}`).catch(() => null))?.digest : null;
    if (closed) return;
    const said = digest ? told(digest, id) : null;
    const about = [
      detail.post && h("p", {}, "It stands in the topic ", h("a", { href: topicLink(detail.topic_id), dir: "auto" }, detail.label || "that it was given to"), "."),
      said && h("p", {}, "The digest of ", h("a", { href: `#/digests/${week}` }, week), " cites it in ", h("a", { href: `#/digests/${week}/posts/${encodeURIComponent(said.section)}`, dir: "auto" }, said.label), "."),
    ];
    const url = detail.post?.url || digest?.addresses?.[id] || "";
    const gone = !detail.post && [
      empty("This post is not kept here", detail.status === 404 ? "Its author deleted it, or it is older than what is kept." : detail.message),
      said && h("blockquote", { class: "card cited" }, theirs("p", {}, said.text), said.quotation && theirs("q", {}, said.quotation)),
      url && h("p", {}, outside(url, { class: "original" }, `Original on ${platform(url)}`)),
    ];
    root.replaceChildren(back("#/", "All topics"), h("h1", {}, "Post"), ...(detail.post ? [h("ul", { class: "posts alone" }, card(detail.post, null))] : gone.filter(Boolean)), h("div", { class: "whence" }, about));
  }

  load();
  return { close() { closed = true; } };
}

// What a digest says with a post.
function told(digest, id) {
  for (const section of digest.topics) {
    for (const item of section.items) if (item.sentence.posts.includes(id)) return { section: item.id || section.id, label: section.label, text: item.sentence.text, quotation: item.quotation_post === id ? item.quotation : null };
    if (section.summary.posts.includes(id) || section.post_ids.includes(id)) return { section: section.id, label: section.label, text: section.summary.text, quotation: null };
  }
  const brief = digest.briefs.find((one) => one.sentence.posts.includes(id));
  return brief ? { section: brief.id, label: brief.label || "In brief", text: brief.sentence.text, quotation: null } : null;
}

// The posts behind a section of a digest, a line of it, or one paragraph (`of`, from 1).
export function cited(root, week, { argument: section, of }) {
  let closed = false;
  root.append(skeleton(4));

  async function load() {
    try {
      const [{ digest }, found] = await Promise.all([get(`/api/digests/${week}`), get(`/api/digests/${week}/posts/${encodeURIComponent(section)}`)]);
      if (closed) return;
      const topic = digest.topics.find((one) => one.id === section);
      const line = [...digest.topics.flatMap((one) => one.items), ...digest.briefs].find((one) => one.id === section);
      const part = of && topic ? topic.items[of - 1] : line;
      const ids = part && topic ? part.sentence.posts : found.ids;
      const kept = found.items.filter((one) => ids.includes(one.id));
      const missing = ids.filter((id) => !kept.some((one) => one.id === id));
      root.replaceChildren(...[back(`#/digests/${week}`, `Digest of ${week}`),
        h("div", { class: "head" }, h("div", {}, h("h1", {}, "Posts behind ", theirs("q", {}, topic?.label ?? line?.label ?? section)), h("p", { class: "count" }, `${plural(ids.length, "post")} in the digest of ${week}`, topic && h("span", {}, " · ", h("a", { href: topicLink(section) }, "the topic now"))))),
        (part ?? topic) && h("blockquote", { class: "card cited" }, theirs("p", {}, (part?.sentence ?? topic.summary).text), part?.quotation && theirs("q", {}, part.quotation)),
        part && topic && h("p", {}, h("a", { href: `#/digests/${week}/posts/${encodeURIComponent(section)}` }, `All ${found.ids.length} posts of this section`)),
        h("ul", { class: "posts" }, kept.map((one) => card(one, null))),
        missing.length > 0 && h("p", { class: "rest" }, `${plural(missing.length, "post")} of these ${missing.length === 1 ? "is" : "are"} not kept here any more: deleted, or older than two weeks. `, missing.filter((id) => digest.addresses?.[id]).map((id) => [outside(digest.addresses[id], {}, `on ${platform(digest.addresses[id])}`), " "]))].filter(Boolean));
    } catch (error) {
      if (!closed) root.replaceChildren(back(`#/digests/${week}`, `Digest of ${week}`), empty("These posts cannot be shown", error.message));
    }
  }

  load();
  return { close() { closed = true; } };
}
