// Requests with ETags, and one event stream that comes back by itself.

// Where the page is: "", or "/c/NAME" of a community.
export const BASE = new URL(".", location.href).pathname.slice(0, -1);
const known = new Map();

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// The answer is the caller's own: it may be sorted or added to, and the next 304 still has what the service said.
export async function get(path) {
  const before = known.get(path);
  const headers = before ? { "If-None-Match": before.etag } : {};
  const answer = await fetch(BASE + path, { headers, signal: AbortSignal.timeout(15000), cache: "no-store" });
  if (answer.status === 304 && before) return structuredClone(before.body);
  if (answer.status === 401) location.assign(`${BASE}/login`);
  const body = await answer.json().catch(() => ({ detail: "the answer is no JSON" }));
  if (!answer.ok) throw new Problem(answer.status, body.detail ?? answer.statusText);
  if (known.size > 60) known.delete(known.keys().next().value);
  known.set(path, { etag: answer.headers.get("ETag"), body });
  return structuredClone(body);
}

// A request that changes something.
export async function ask(method, path, body) {
  const answer = await fetch(BASE + path, { method, headers: body ? { "Content-Type": "application/json" } : {}, body: body ? JSON.stringify(body) : undefined });
  const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.detail ?? answer.statusText);
  return said;
}

// handlers: topic, alert, digest, topics, status, reset; state("live" | "stale" | "lost", newest, troubles)
export function follow(handlers) {
  const silence = 40000; // heart-beats come every 15 s
  let source = null;
  let retry = 1000;
  let timer = 0;
  let lastId = "";

  const lost = () => {
    source?.close();
    clearTimeout(timer);
    handlers.state("lost");
    timer = setTimeout(open, retry);
    retry = Math.min(retry * 1.7, 15000) * (0.9 + Math.random() * 0.2);
  };
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(lost, silence);
  };
  const known = (data) => handlers.state(data.connected ? "live" : "stale", data.newest, data.troubles ?? []);
  const on = (name, handle) =>
    source.addEventListener(name, (event) => {
      alive();
      if (event.lastEventId) lastId = event.lastEventId;
      handle(JSON.parse(event.data));
    });

  function open() {
    // EventSource sends Last-Event-ID only when it reconnects by itself; a new one is told by the query
    source = new EventSource(`${BASE}/api/events/stream${lastId ? `?after=${encodeURIComponent(lastId)}` : ""}`);
    source.onerror = lost;
    alive();
    on("status", (data) => {
      retry = 1000;
      known(data);
    });
    on("heartbeat", known);
    for (const name of ["topic", "alert", "digest", "topics", "reset"]) on(name, handlers[name]);
  }
  open();
  window.addEventListener("online", () => { if (source.readyState === EventSource.CLOSED) open(); });
}
