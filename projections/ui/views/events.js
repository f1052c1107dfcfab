// The log as it grows: the newest events first.

import { get, items, request, url } from "../lib/api.js";
import { h, render } from "../lib/dom.js";
import { eventKind, eventSummary, shortId, time, words } from "../lib/format.js";
import { choice, curl, emptyState, when } from "../lib/parts.js";

const SHOWN_MAX = 200;
const BACKLOG = 100;
const CATEGORIES = [
  ["", "all"],
  ["motor", "motors"],
  ["image", "images"],
];

export function open(root, { signal, setTitle }) {
  const controls = h("div", { class: "picker" });
  const list = h("div", {});
  let events = new Map();
  let category = "";
  let isPaused = false;
  setTitle("Events");
  render(
    root,
    h("div", { class: "title" }, h("h1", {}, "Events"), h("p", { class: "muted" }, "The log, live")),
    controls,
    list,
  );

  /** Reads on from what is known; the first time, from a little before the end. */
  async function refresh() {
    let after = Math.max(0, ...[...events.values()].map((event) => Number(event.sequence)));
    if (!after) {
      const end = await request("/v1/fleet", { signal });
      after = Math.max(0, Number(end.headers.get("Atalaya-Position") ?? 0) - BACKLOG);
    }
    for (const event of items(await get(url("/v1/events", { after, limit: BACKLOG }), signal)))
      events.set(event.id, event);
    if (!isPaused) draw();
    drawControls();
  }

  function hear(event) {
    events.set(event.id, event);
    if (!isPaused) draw();
  }

  function drawControls() {
    render(
      controls,
      choice("Of", CATEGORIES, category, (chosen) => {
        category = chosen;
        draw();
      }),
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(isPaused),
          onclick: () => {
            isPaused = !isPaused;
            draw();
            drawControls();
          },
        },
        isPaused ? "Go on" : "Pause",
      ),
    );
  }

  function draw() {
    const sorted = [...events.values()].sort((one, next) => next.sequence - one.sequence).slice(0, SHOWN_MAX);
    events = new Map(sorted.map((event) => [event.id, event]));
    const shown = sorted.filter((event) => !category || eventKind(event.type).category === category);
    render(list, shown.length ? h("ol", { class: "log", reversed: true }, shown.map(row)) : nothing());
  }

  return { refresh, hear, concerns: () => false };
}

function row(event) {
  const { category, name } = eventKind(event.type);
  const target = category === "motor" ? `#/motors/${encodeURIComponent(event.subject)}` : "#/images";
  return h(
    "li",
    { "data-key": event.id },
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "position" }, event.sequence),
        h("span", { class: "chip", "data-event": name }, `${category} ${words(name)}`),
        h("span", { class: "what" }, eventSummary(event)),
        h("span", { class: "muted" }, when(event.time)),
      ),
      h("p", {}, h("a", { href: target }, `${category} ${shortId(event.subject)}`), " · ", time(event.time)),
      h("pre", { tabindex: "0", "aria-label": "The whole event" }, h("code", {}, JSON.stringify(event, null, 2))),
    ),
  );
}

function nothing() {
  return emptyState("Nothing has happened yet", "Every change is written here. Follow it from a shell:", [
    curl("/v1/events?after=0", "-H 'Accept: text/event-stream'", "--no-buffer"),
  ]);
}
