// Which view is shown, and what happens to it when something arrives.
import { BASE, follow, get } from "./api.js";
import { h, day, when } from "./dom.js";
import { now } from "./now.js";
import { cited, post } from "./posts.js";
import { subscribe } from "./subscribe.js";
import { topic } from "./topic.js";
import { changes } from "./changes.js";
import { digests } from "./digests.js";
import { activity } from "./activity.js";
import { people } from "./people.js";

const main = document.getElementById("main");
const pulse = document.getElementById("pulse");
const banner = document.getElementById("banner");
const said = document.getElementById("said");
const search = document.querySelector(".search");
const state = { connection: "loading", newest: null, since: null };
let view = null;

const ROUTES = [
  [/^#\/topics\/(.+)$/, topic, "now"],
  [/^#\/posts\/([^?]+)(?:\?week=(\d{4}-W\d{2}))?$/, post, "now"],
  [/^#\/digests\/(\d{4}-W\d{2})\/posts\/([^?]+)(?:\?of=(\d+))?$/, cited, "digests"],
  [/^#\/digests(?:\/(\d{4}-W\d{2}))?$/, digests, "digests"],
  [/^#\/changes(?:\/(\d{4}-W\d{2}))?$/, changes, "changes"],
  [/^#\/activity$/, activity, "activity"],
  [/^#\/people$/, people, "people"],
  [/^#\/subscribe$/, subscribe, "digests"],
  [/^#\/search\/(.*)$/, now, "now"],
  [/^.*$/, now, "now"],
];

function decoded(text) {
  try {
    return decodeURIComponent(text ?? "");
  } catch {
    return "";
  }
}

function show(first = false) {
  const [pattern, make, tab] = ROUTES.find(([route]) => route.test(location.hash || "#/"));
  const [argument, second, third] = pattern.exec(location.hash || "#/").slice(1).map(decoded);
  view?.close?.();
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (make !== now || !argument) search.elements.q.value = "";
  else if (document.activeElement !== search.elements.q) search.elements.q.value = argument;
  const root = h("div", { class: "view" });
  main.replaceChildren(root);
  view = make(root, argument ?? "", { seen, newest: () => state.newest, argument: second, of: Number(third) || null });
  if (!first && document.activeElement !== search.elements.q) {
    main.focus({ preventScroll: true });
    scrollTo({ top: 0, behavior: "instant" });
  }
}

// What a view has learnt of the newest post goes into the header.
function seen(newest) {
  if (newest) state.newest = newest;
  header();
}

function header() {
  const texts = { loading: "Connecting", live: "Live", held: "Held up", stale: "Stale", lost: "Offline" };
  pulse.dataset.state = state.connection;
  const text = texts[state.connection];
  const word = pulse.querySelector(".word");
  if (word.textContent !== text) word.textContent = text;
  pulse.querySelector(".detail").textContent = state.newest ? `newest post ${when(state.newest)}` : "";
  pulse.title = state.newest ? `Newest post: ${day(state.newest)}, ${when(state.newest)} UTC` : text;
}

function connection(is, newest, troubles = []) {
  const before = state.connection, to = is === "live" && troubles.length ? "held" : is;
  if (newest) state.newest = newest;
  state.connection = to;
  if (to === "lost" && !state.since) state.since = new Date();
  if (is === "live") state.since = null;
  const words = {
    lost: `Connection lost at ${state.since?.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}. What you see is what was known then; trying again.`,
    held: `${troubles.join("; ")}. New posts do not arrive here.`,
    stale: "The live store does not answer. What you see is what was known last; new posts will appear when it is back.",
  };
  const text = words[to] ?? "";
  banner.hidden = !text;
  if (banner.textContent !== text) banner.textContent = text;
  document.body.dataset.connection = to;
  header();
  if (is === "live" && (before === "lost" || before === "stale")) {
    say("Connected again");
    view?.refresh?.();
  }
}

let sayTimer = 0;
function say(text) {
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => { said.textContent = text; }, 400);
}

// In a tab that is not looked at, the title counts what is new.
let count = 0;
function retitle() {
  const plain = document.title.replace(/^\(\d+\) /, "");
  document.title = count ? `(${count}) ${plain}` : plain;
}
function missed() {
  if (!document.hidden) return;
  count++;
  retitle();
}

let due = 0;
// Pushed numbers are shown at once; whole lists are asked for again at most every two seconds.
function soon() {
  if (!due && !document.hidden) due = setTimeout(() => { due = 0; view?.refresh?.(); }, 2000);
}

follow({
  state: connection,
  topics(data) {
    seen(data.newest);
    view?.topics?.(data);
    soon();
  },
  topic(event) {
    view?.event?.(event);
    if (event.kind === "born") missed();
    if (event.kind === "born" && event.data.label) say(`New topic: ${event.data.label}`);
    soon();
  },
  alert(event) {
    view?.event?.(event);
    missed();
    say(`Alert: ${event.data.title ?? ""}`);
  },
  digest(event) {
    view?.event?.(event);
    missed();
    say(`New digest: ${event.data.week}`);
    soon();
  },
  reset: () => view?.refresh?.(),
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  count = 0;
  retitle();
  view?.refresh?.();
});
addEventListener("hashchange", () => show());
addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    search.elements.q.focus();
  } else if (event.key === "Escape" && typing) {
    event.target.blur();
  }
});

let typed = 0;
function find() {
  const words = search.elements.q.value.trim();
  location.hash = words ? `#/search/${encodeURIComponent(words)}` : "#/";
}
search.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typed); find(); });
search.elements.q.addEventListener("input", () => { clearTimeout(typed); typed = setTimeout(find, 250); });

document.getElementById("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", dark ? "light" : "dark");
});

// The switch between the communities of the installation, when there are any.
async function communities() {
  const { here, names } = await get("/api/communities").catch(() => ({ names: [] }));
  if (!names.length) return;
  const root = BASE.slice(0, BASE.length - (here ? `/c/${here}`.length : 0));
  const pick = h("select", { id: "community", "aria-label": "Community", onchange: () => location.assign(pick.value ? `${root}/c/${pick.value}/` : `${root}/`) }, ...["", ...names].map((name) => h("option", { value: name }, name || "Main")));
  pick.value = here;
  document.querySelector(".brand").after(h("span", { class: "select" }, pick));
}

header();
show(true);
communities();
