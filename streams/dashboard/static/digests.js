// The archive of weekly digests, and one of them to read.
import { BASE, get } from "./api.js";
import { h, copyLink, day, empty, keepFocus, plural, skeleton, theirs } from "./dom.js";

// Whose words are shown where a language model edited a digest.
let edited = false;

export function digests(root, week) {
  let closed = false;
  root.append(skeleton(4));

  async function load() {
    try {
      const page = await get("/api/digests?limit=50");
      if (!closed) draw(page);
    } catch (error) {
      if (!closed && !root.querySelector(".archive")) root.replaceChildren(empty("The digests cannot be read just now", error.message));
    }
  }

  function draw({ items }) {
    if (!items.length) {
      root.replaceChildren(h("div", { class: "head" }, h("h1", {}, "Digests")), empty("No digest yet", "When a week is over, its digest appears here: what people talked about, who shared what, and what is new.", "The first is published within a day of the end of a week."));
      return;
    }
    const current = items.find((item) => item.week === week) ?? items[0];
    const frame = root.querySelector("iframe");
    const list = h("ol", { class: "archive" }, items.map((item, i) =>
      h("li", {}, month(item) !== (items[i - 1] && month(items[i - 1])) && h("h2", { class: "month" }, month(item)), h("a", { href: `#/digests/${item.week}`, "aria-current": item.week === current.week ? "page" : null },
        h("span", { class: "week" }, item.week, item.revision > 1 && h("span", { class: "badge" }, "corrected")),
        h("span", { class: "span" }, `${day(item.start)} – ${day(new Date(new Date(item.end) - 1).toISOString())}`),
        theirs("span", { class: "headline" }, item.headline),
        h("span", { class: "span" }, `${plural(item.topics.length, "topic")}${item.briefs ? ` and ${item.briefs} in brief` : ""} · ${plural(item.people, "person", "people")} · ${plural(item.posts, "post")}`)))));
    if (frame?.dataset.week === version(current)) {
      keepFocus(root, () => root.querySelector(".archive").replaceWith(list));
      return;
    }
    root.replaceChildren(
      h("div", { class: "head" }, h("div", {}, h("h1", {}, "Digests"), h("p", { class: "count" }, "One per week, every sentence with the posts that it rests on"))),
      h("div", { class: "reading" }, h("nav", { "aria-label": "Weeks" }, list),
        h("section", { class: "card paper", "aria-label": `Digest of ${current.week}` },
          head(current, items, load),
          paper(current))));
  }

  load();
  return { refresh: load, event: (event) => { if (event.kind === "digest") load(); }, close() { closed = true; fitted.disconnect(); } };
}

const month = ({ start }) => new Date(start).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

// The weeks beside it, and what can be done with this one.
const version = ({ week, revision, edited: model }) => `${week} ${revision} ${edited ? model : ""}`;

function head({ week, edited: model }, items, load) {
  const place = items.findIndex((item) => item.week === week), older = items[place + 1], newer = items[place - 1];
  return h("div", { class: "paper-head" },
    h("span", { class: "turn" }, older && h("a", { href: `#/digests/${older.week}`, "aria-label": `The week before, ${older.week}` }, "←"), h("b", {}, week), newer && h("a", { href: `#/digests/${newer.week}`, "aria-label": `The week after, ${newer.week}` }, "→")),
    model && h("button", { type: "button", id: "edited", "aria-pressed": String(edited), title: "Held to the posts; what they do not say is left out", onclick: () => { edited = !edited; load(); } }, `Edited by ${model}`),
    copyLink(`/digests/${week}`),
    h("a", { href: "#/subscribe" }, "Subscribe"),
    h("a", { href: `${BASE}/feed.atom`, type: "application/atom+xml" }, "Atom"),
    h("a", { href: `${BASE}/digests/${week}.md`, type: "text/markdown" }, "Markdown"),
    h("a", { href: `${BASE}/api/digests/${week}`, target: "_blank", rel: "noopener" }, "JSON"),
    h("a", { href: `${BASE}/digests/${week}`, target: "_blank", rel: "noopener" }, "Page"));
}

// The digest's own page, as tall as it is, so that this page scrolls and not the frame, and without its margins.
const ON_OUR_PAGE = [
  ".tt-page, .tt-card { background: none !important; border: 0 !important; }",
  ".tt-page > tbody > tr > td { padding: 0 !important; }",
  ".tt-card { padding: 1.6rem clamp(1rem, 5vw, 2.6rem) 2rem !important; font-size: 15.5px !important; }",
  "html, body { overflow: hidden; background: none !important; }",
  ".tt-nav { display: none; }",
];
const DARK = "(prefers-color-scheme: dark)";
const fitted = new ResizeObserver((entries) => {
  for (const { target } of entries) target.ownerDocument.defaultView?.frameElement?.style.setProperty("height", `${Math.ceil(target.getBoundingClientRect().height)}px`);
});

// The digest follows the system's scheme; here it follows the one that was chosen for this page.
function dress(frame) {
  const chosen = document.documentElement.dataset.theme, inside = frame.contentDocument;
  inside.documentElement.style.setProperty("color-scheme", chosen ?? "light dark");
  for (const rule of inside.styleSheets[0]?.cssRules ?? []) {
    if (!rule.media || !(rule.dark ??= rule.media.mediaText === DARK)) continue;
    rule.media.mediaText = { dark: "all", light: "not all" }[chosen] ?? DARK;
  }
}
new MutationObserver(() => document.querySelectorAll(".paper iframe").forEach((frame) => frame.contentDocument && dress(frame)))
  .observe(document.documentElement, { attributeFilter: ["data-theme"] });

function paper(current) {
  const { week } = current;
  const frame = h("iframe", { src: `${BASE}/digests/${week}${edited && current.edited ? "?edited=true" : ""}`, title: `Digest of ${week}`, sandbox: "allow-same-origin allow-popups allow-popups-to-escape-sandbox", "data-week": version(current) });
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    const sheet = inside?.styleSheets[0];
    if (!sheet) return; // an error's text, or a browser that keeps it from us: the frame scrolls
    for (const rule of [...ON_OUR_PAGE, `.tt-card * { font-family: ${getComputedStyle(document.body).fontFamily} !important; }`]) sheet.insertRule(rule, sheet.cssRules.length);
    dress(frame);
    for (const link of inside.querySelectorAll("a[href^='http']")) link.target = "_blank";
    // a link to a topic of the overview leads down our page, one to posts to another view
    inside.addEventListener("click", (event) => {
      const href = event.target.closest?.("a[href]")?.getAttribute("href") ?? "";
      if (event.ctrlKey || event.metaKey || event.shiftKey || !/^[#/]/.test(href)) return;
      event.preventDefault();
      if (href.startsWith("/")) location.hash = `#${href.slice(BASE.length)}`;
      const to = href.startsWith("#") && inside.getElementById(href.slice(1));
      if (to) scrollTo({ top: scrollY + frame.getBoundingClientRect().top + to.getBoundingClientRect().top - 80, behavior: "smooth" });
    });
    fitted.observe(inside.querySelector("main"));
  });
  return frame;
}
