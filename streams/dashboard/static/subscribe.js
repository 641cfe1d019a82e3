// How to get the digests: the feed, mail, chats and webhooks, and how each delivery does.
import { ask, get } from "./api.js";
import { h, doing, empty, keepFocus, plural, skeleton, theirs, when } from "./dom.js";

const KINDS = {
  Mail: ["mailto://user:password@mail.example.org?to=me@example.org", "Your mail server's address in apprise's form; it sends the whole digest."],
  Slack: ["slack://TokenA/TokenB/TokenC", "A short form with links."],
  Discord: ["discord://WebhookID/WebhookToken", "A short form with links."],
  Telegram: ["tgram://BotToken/ChatID", "A short form with links."],
  Webhook: ["https://example.org/hooks/digest", "The digest as JSON, signed."],
};
const STATES = { ok: "fine", waiting: "waits for its turn", failing: "is tried again", dead: "has given up" };

export function subscribe(root) {
  let closed = false, kind = "Mail";
  const said = h("p", { role: "status", class: "said" });
  const tell = doing(said, () => load());
  const feed = h("section", { class: "card side" }, h("h2", {}, "Feed"), skeleton(1));
  const all = h("section", { class: "card side" }, h("h2", {}, "Deliveries"), skeleton(2));
  const name = h("input", { id: "sub-name", required: true, maxlength: 60, pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", placeholder: "me", autocomplete: "off" });
  const url = h("input", { id: "sub-url", required: true, type: "text", autocomplete: "off", spellcheck: "false" });
  const hint = h("p", { class: "hint", id: "sub-hint" });
  const kinds = h("select", { id: "sub-kind", onchange: () => { kind = kinds.value; explain(); } }, Object.keys(KINDS).map((one) => h("option", {}, one)));
  const form = h("form", { class: "card side ask", onsubmit: add }, h("h2", {}, "New subscription"),
    h("label", { for: "sub-kind" }, "To"), h("span", { class: "select" }, kinds), h("label", { for: "sub-url" }, "Address"), url, hint, h("label", { for: "sub-name" }, "A name of your own for it"), name,
    h("button", { type: "submit", class: "more" }, "Subscribe"));
  url.setAttribute("aria-describedby", "sub-hint");
  root.append(h("div", { class: "head" }, h("div", {}, h("h1", {}, "Subscribe"), h("p", { class: "count" }, "Each new digest and each correction, once. ", h("code", {}, "toptopics push"), " delivers them."))), said, h("div", { class: "two" }, h("div", { class: "aside" }, form), h("div", { class: "aside" }, feed, all)));

  function explain() {
    [url.placeholder, hint.textContent] = KINDS[kind];
  }

  function add(event) {
    event.preventDefault();
    tell("Subscribing …", async () => {
      const made = await ask("POST", "/api/subscriptions", { name: name.value, url: url.value });
      form.reset();
      kind = kinds.value;
      explain();
      return made.secret ? `${made.name} gets the digests. They are signed with ${made.secret} – it is shown only now.` : `${made.name} gets the digests from the next one on. “Send the newest now” shows whether they arrive.`;
    });
  }

  async function load() {
    const [{ address, json }, states] = await Promise.all([get("/api/feed"), get("/api/subscriptions")]).catch((error) => [{}, error]);
    if (closed) return;
    if (!Array.isArray(states)) {
      all.replaceChildren(h("h2", {}, "Deliveries"), empty("They cannot be read just now", states.message));
      return;
    }
    const field = (value, what) => h("input", { readonly: true, value, class: "address", "aria-label": what, onfocus: (event) => event.target.select() });
    keepFocus(feed, () => feed.replaceChildren(...[h("h2", {}, "Feed"), h("p", { class: "hint" }, "For a feed reader: Atom, and JSON Feed. A correction updates its week."), field(address, "Address of the feed"), field(json, "Address of the JSON Feed"), address.includes("key=") && h("button", { type: "button", id: "renew", onclick: () => tell("Renewing …", async () => { await ask("POST", "/api/feed/renew"); return "The feeds have new addresses; the old ones no longer work."; }) }, "New addresses, close the old ones")].filter(Boolean)));
    keepFocus(all, () => all.replaceChildren(h("h2", {}, "Deliveries ", h("small", {}, states.length)), states.length ? h("ul", { class: "deliveries" }, states.map(row)) : h("p", { class: "hint" }, "Nobody gets the digests yet.")));
  }

  function row(one) {
    const path = `/api/subscriptions/${encodeURIComponent(one.name)}`;
    const button = (id, words, work) => h("button", { type: "button", id: `${id}-${one.name}`, onclick: () => tell(`${words} …`, work) }, words);
    const next = one.next_at ? `, next try ${when(one.next_at)} UTC` : "";
    return h("li", {}, h("p", {}, theirs("b", {}, one.name), " ", h("span", { class: "handle" }, one.url), " ", h("span", { class: `badge ${one.state === "ok" ? "" : "alert"}` }, STATES[one.state] ?? one.state)),
      h("p", { class: "hint" }, `${plural(one.delivered, "digest")} delivered${one.waiting ? `, ${one.waiting} waiting` : ""}${one.dead ? `, ${one.dead} given up` : ""}${next}`, one.error && theirs("span", {}, ` – ${one.error}`)),
      h("p", { class: "does" },
        button("test", "Send the newest now", async () => `${one.name} got the digest of ${(await ask("POST", `${path}/test`)).week}.`),
        (one.dead > 0 || one.state === "failing") && button("retry", "Try again", async () => `${plural((await ask("POST", `${path}/retry`)).due, "delivery", "deliveries")} due again.`),
        button("remove", "Remove", async () => { await ask("DELETE", path); return `${one.name} gets no more digests.`; })));
  }

  explain();
  load();
  return { refresh: load, close() { closed = true; } };
}
