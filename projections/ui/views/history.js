// What happened to one motor or one picture, and how it stood after any of it.

import { get, items, url } from "../lib/api.js";
import { h, render } from "../lib/dom.js";
import { eventKind, eventSummary, shortId, time, words } from "../lib/format.js";
import { plural, t } from "../lib/i18n.js";
import { changes } from "../lib/changes.js";
import { problemBox } from "../lib/parts.js";

const PAGE = 200;
/** So many events are listed; the state can be asked for beyond them. */
const PAGES_MAX = 10;

export function open(root, { parameter, signal, lookAgain, setTitle }) {
  const [category, id] = parameter.split("/");
  const path = `/v1/${category}s/${encodeURIComponent(id)}`;
  const parts = Object.fromEntries(["head", "controls", "state", "list"].map((name) => [name, h("div", {})]));
  const events = new Map();
  let cursor;
  let name = "";
  let asked = null;
  let problem = null;
  setTitle(t("History"));
  render(
    root,
    parts.head,
    h(
      "section",
      { class: "panel", "aria-labelledby": "t-state" },
      h("h2", { id: "t-state" }, t("The state as of a version or a time")),
      parts.controls,
      parts.state,
    ),
    h("section", { "aria-labelledby": "t-events" }, h("h2", { id: "t-events" }, t("Events")), parts.list),
  );

  async function refresh() {
    await readOn();
    const now = await get(path, signal);
    name = now.name ?? shortId(id);
    setTitle(name);
    drawHead(now);
    drawControls(now);
    await drawState(now);
    drawList();
  }

  async function readOn() {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const body = await get(url(`${path}/history`, { cursor, limit: PAGE }), signal);
      for (const event of items(body)) events.set(event.id, event);
      if (!body.next || items(body).length < PAGE) break;
      cursor = body.next;
    }
  }

  function drawHead(now) {
    const own = category === "motor" ? `#/motors/${encodeURIComponent(id)}` : "#/images";
    render(
      parts.head,
      h("p", { class: "crumbs" }, h("a", { href: "#/events" }, t("Events")), " / "),
      h(
        "div",
        { class: "title" },
        h("h1", {}, h("a", { href: own }, name)),
        h("p", { class: "muted" }, plural(now.version, "{count} event", "{count} events")),
      ),
    );
  }

  function drawControls(now) {
    const shown = asked?.at_version ?? now.version;
    const go = (version) => {
      asked = version >= now.version ? null : { at_version: Math.max(1, version) };
      lookAgain();
    };
    const step = (by, label) =>
      h(
        "button",
        { type: "button", disabled: by < 0 ? shown <= 1 : shown >= now.version, onclick: () => go(shown + by) },
        label,
      );
    const range = h("input", {
      type: "range",
      id: "at-version",
      min: 1,
      max: now.version,
      value: shown,
      onchange: (event) => go(Number(event.target.value)),
    });
    // What was dragged to is a property, which no attribute changes any more.
    const kept = parts.controls.querySelector("#at-version");
    if (kept && document.activeElement !== kept) kept.value = shown;
    render(
      parts.controls,
      h(
        "div",
        { class: "picker" },
        h("label", { for: "at-version" }, t("Version")),
        step(-1, t("Before")),
        range,
        step(1, t("After")),
        h("output", { for: "at-version" }, `${shown} / ${now.version}`),
      ),
      h(
        "form",
        {
          class: "picker",
          onsubmit: (event) => {
            event.preventDefault();
            const at = new Date(`${event.target.querySelector("input").value}Z`);
            if (Number.isNaN(at.getTime())) return;
            asked = { at_time: at.toISOString() };
            lookAgain();
          },
        },
        h("label", { for: "at-time" }, t("Time (UTC)")),
        h("input", { type: "datetime-local", id: "at-time", step: "1", required: true, "data-keep": "at-time" }),
        h("button", {}, t("Show")),
        asked ? h("button", { type: "button", onclick: () => go(now.version) }, t("The present")) : null,
      ),
    );
  }

  async function drawState(now) {
    problem = null;
    const wanted = asked ?? { at_version: now.version };
    const state = await get(url(path, wanted), signal).catch((error) => {
      if (error.name === "AbortError") throw error;
      problem = error;
    });
    if (!state) return render(parts.state, problemBox(problem));
    const before = state.version > 1 ? await get(url(path, { at_version: state.version - 1 }), signal) : {};
    const last = [...events.values()].find((event) => versionOf(event) === state.version);
    render(
      parts.state,
      h(
        "p",
        { id: "as-of" },
        h("strong", {}, t("Version {version}", { version: state.version })),
        last ? ` · ${words(eventKind(last.type).name)} · ${time(last.time)}` : "",
      ),
      changed(changes(before, state)),
      h(
        "details",
        {},
        h("summary", {}, t("The whole state")),
        h("pre", { tabindex: "0", "aria-label": t("The whole state") }, h("code", {}, JSON.stringify(state, null, 2))),
      ),
    );
  }

  function drawList() {
    const sorted = [...events.values()].sort((one, next) => next.sequence - one.sequence);
    render(parts.list, h("ol", { class: "history" }, sorted.map(row)));
  }

  function row(event) {
    const { name } = eventKind(event.type);
    const version = versionOf(event);
    const show = () => {
      asked = { at_version: version };
      lookAgain();
      document.getElementById("t-state").scrollIntoView({ block: "nearest" });
    };
    return h(
      "li",
      { "data-key": event.id, "data-event": name },
      h("time", { datetime: event.time }, time(event.time)),
      h("strong", {}, words(name)),
      h("span", { class: "muted" }, eventSummary(event)),
      h(
        "button",
        { type: "button", "aria-label": t("The state as of version {version}", { version }), onclick: show },
        t("Version {version}", { version }),
      ),
    );
  }

  return { refresh, concerns: (event) => event.subject === id };
}

/** The version of its aggregate is the end of an event's id. */
function versionOf({ id }) {
  return Number(id.split("/").at(-1));
}

/** What the last event has changed, field by field. */
function changed(rows) {
  if (!rows.length) return h("p", { class: "muted" }, t("Nothing that readers see has changed."));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": t("What has changed") },
    h(
      "table",
      { class: "changes" },
      h("thead", {}, h("tr", {}, [t("Field"), t("Before"), t("After")].map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        {},
        rows.map(({ field, before, after }) =>
          h(
            "tr",
            { "data-key": field },
            h("th", { scope: "row" }, h("code", {}, field)),
            h("td", {}, before),
            h("td", {}, after),
          ),
        ),
      ),
    ),
  );
}
