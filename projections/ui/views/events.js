// The log as it grows: the newest events first, of all or of one kind, and back to the first one.

import { request } from "../lib/api.js";
import { h, render } from "../lib/dom.js";
import { eventKind, eventSummary, shortId, time, words } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { EVENTS } from "../lib/kinds.js";
import { Backwards, page } from "../lib/log.js";
import { choice, curl, emptyState, when } from "../lib/parts.js";

const SHOWN_MAX = 1_000;
const CATEGORIES = { motor: "motors", image: "images", notification: "notifications" };

export function open(root, { signal, lookAgain, setTitle }) {
  const controls = h("div", { class: "picker" });
  const list = h("div", {});
  const more = h("div", {});
  let events = new Map();
  let wanted = {};
  let back = null;
  let isPaused = false;
  setTitle(t("Events"));
  render(
    root,
    h("div", { class: "title" }, h("h1", {}, t("Events")), h("p", { class: "muted" }, t("The log, live"))),
    finder(),
    controls,
    list,
    more,
  );

  /** Reads on from what is known; the first time, from the end back. */
  async function refresh() {
    if (back === null) {
      const end = await request("/v1/fleet", { signal });
      back = new Backwards(wanted, Number(end.headers.get("Atalaya-Position") ?? 0));
      keep(await back.next(signal));
    }
    const newest = Math.max(back.end, ...[...events.values()].map((event) => Number(event.sequence)));
    keep((await page({ ...wanted, after: newest }, signal)).events);
    if (!isPaused) draw();
    drawControls();
  }

  function keep(found) {
    for (const event of found) events.set(event.id, event);
  }

  function hear(event) {
    const { category, name } = eventKind(event.type);
    if (wanted.category && wanted.category !== category) return;
    if (wanted.type && wanted.type !== `atalaya.${category}.${name}`) return;
    events.set(event.id, event);
    if (!isPaused) draw();
  }

  function choose(changed) {
    wanted = changed;
    events = new Map();
    back = null;
    lookAgain();
  }

  function drawControls() {
    const { category = "", type = "" } = wanted;
    const types = (EVENTS[category] ?? []).map((name) => [`atalaya.${category}.${name}`, words(name)]);
    render(
      controls,
      choice(
        t("Of"),
        [["", t("all")], ...Object.entries(CATEGORIES).map(([name, many]) => [name, words(many)])],
        category,
        (chosen) => choose(chosen ? { category: chosen } : {}),
      ),
      category
        ? choice(t("Kind"), [["", t("all")], ...types], type, (chosen) =>
            choose(chosen ? { category, type: chosen } : { category }),
          )
        : null,
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
        isPaused ? t("Go on") : t("Pause"),
      ),
    );
  }

  function draw() {
    const sorted = [...events.values()].sort((one, next) => next.sequence - one.sequence).slice(0, SHOWN_MAX);
    events = new Map(sorted.map((event) => [event.id, event]));
    render(list, sorted.length ? h("ol", { class: "log", reversed: true }, sorted.map(row)) : nothing(wanted));
    const hasOlder = back && !back.isAtBeginning && sorted.length < SHOWN_MAX;
    render(more, hasOlder ? h("button", { type: "button", class: "more", onclick: older }, t("Older ones")) : null);
  }

  async function older() {
    const found = await back.next(signal).catch(() => []);
    keep(found);
    draw();
  }

  return { refresh, hear, concerns: () => false };
}

/** Whoever has an id finds its history. */
function finder() {
  const kind = h(
    "select",
    { id: "of-kind", "aria-label": t("Kind") },
    ["motor", "image"].map((name) => h("option", { value: name }, words(name))),
  );
  const id = h("input", { id: "of-id", size: "38", required: true, pattern: "[0-9a-fA-F-]{36}", autocomplete: "off" });
  return h(
    "form",
    {
      class: "picker",
      onsubmit: (event) => {
        event.preventDefault();
        location.hash = `#/events/${kind.value}/${encodeURIComponent(id.value.trim())}`;
      },
    },
    h("label", { for: "of-id" }, t("History of one")),
    kind,
    id,
    h("button", {}, t("Show")),
  );
}

function row(event) {
  const { category, name } = eventKind(event.type);
  // What is told about a picture has the picture's id.
  const whose = category === "motor" ? "motor" : "image";
  const target = `#/events/${whose}/${encodeURIComponent(event.subject)}`;
  return h(
    "li",
    { "data-key": event.id, "data-type": event.type },
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "position" }, event.sequence),
        h("span", { class: "chip", "data-event": name }, `${words(category)} ${words(name)}`),
        h("span", { class: "what" }, eventSummary(event)),
        h("span", { class: "muted" }, when(event.time)),
      ),
      h(
        "p",
        {},
        h("a", { href: target }, t("History of {name}", { name: `${words(whose)} ${shortId(event.subject)}` })),
        " · ",
        time(event.time),
      ),
      h("pre", { tabindex: "0", "aria-label": t("The whole event") }, h("code", {}, JSON.stringify(event, null, 2))),
    ),
  );
}

function nothing({ category }) {
  if (category) return emptyState(t("Nothing of this kind has happened"), t("Choose another kind to see the others."));
  return emptyState(t("Nothing has happened yet"), t("Every change is written here. Follow it from a shell:"), [
    curl("/v1/events?after=0", "-H 'Accept: text/event-stream'", "--no-buffer"),
  ]);
}
