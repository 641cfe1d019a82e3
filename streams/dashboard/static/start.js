// The empty page: what has to be there before the first topic, with ticks that follow what is there.
import { BASE, get } from "./api.js";
import { h, plural } from "./dom.js";

const EVERY = 4000;

export function start() {
  const list = h("ol", { class: "steps" });
  const due = h("p", { class: "hint", hidden: true });
  const node = h("div", { class: "empty start" }, h("h2", {}, "No posts yet"), h("p", {}, "Topics appear here by themselves, within seconds of the first posts. What they need:"), list, due, h("p", { class: "hint" }, "Or look at it first: ", h("code", {}, "toptopics demo --keep"), " plays three weeks of invented posts."));
  let timer = 0;

  async function look() {
    clearTimeout(timer);
    if (!node.isConnected && list.children.length) return;
    const answer = await fetch(`${BASE}/readyz`, { cache: "no-store" }).then((response) => response.json()).catch(() => null);
    if (answer) draw(answer);
    const digests = await get("/api/digests?limit=1").catch(() => null);
    if (digests?.due_at && new Date(digests.due_at) > new Date()) {
      due.hidden = false;
      due.textContent = `The next digest is due on ${new Date(digests.due_at).toLocaleString("en-GB", { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: "UTC" })} UTC.`;
    }
    timer = setTimeout(look, EVERY);
  }

  function draw({ checks, lag, stages }) {
    const names = Object.keys(stages), stopped = names.filter((name) => !stages[name]);
    const waiting = Math.max(0, ...Object.values(lag));
    const steps = [
      ["Kafka and Redis answer", checks.kafka === "ok" && checks.redis === "ok", "toptopics up"],
      ["The stages run", names.length > 0 && !stopped.length, stopped.length && stopped.length < names.length ? `toptopics worker --stages ${stopped.join(",")}` : "toptopics worker"],
      [waiting ? `${plural(waiting, "post")} on the way` : "Posts arrive", waiting > 0, "toptopics ingest posts.jsonl"],
    ];
    list.replaceChildren(...steps.map(([words, done, command]) => h("li", { class: done ? "done" : "" }, h("b", { "aria-hidden": "true" }, done ? "✓" : "○"), h("span", {}, words, h("span", { class: "sr" }, done ? ": done" : ": not yet")), !done && h("code", {}, command))));
  }

  look();
  return node;
}
