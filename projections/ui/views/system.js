// The inside: how far each projection has come, and what could not be handled.

import { command, get, items } from "../lib/api.js";
import { h, render } from "../lib/dom.js";
import { words } from "../lib/format.js";
import { confirmed, facts, problemBox, stateChip, toast, when } from "../lib/parts.js";

const TOLD = [
  "id",
  "reason",
  "error",
  "subscription",
  "event_type",
  "type",
  "subject",
  "position",
  "attempts",
  "parked_at",
];

export function open(root, { signal, lookAgain, setTitle }) {
  const projections = h("div", {});
  const letters = h("div", {});
  setTitle("System");
  render(
    root,
    h("div", { class: "title" }, h("h1", {}, "System")),
    h("section", { "aria-labelledby": "t-projections" }, h("h2", { id: "t-projections" }, "Projections"), projections),
    h("section", { "aria-labelledby": "t-letters" }, h("h2", { id: "t-letters" }, "Dead letters"), letters),
  );

  async function refresh() {
    const [all, parked] = await Promise.all([
      get("/v1/admin/projections", signal),
      get("/v1/admin/dead-letters", signal),
    ]);
    render(projections, projectionTable(items(all), act));
    render(
      letters,
      items(parked).length
        ? h(
            "ul",
            { class: "letters" },
            items(parked).map((letter) => letterRow(letter, act)),
          )
        : h("p", { class: "muted" }, "None: every event has been handled."),
    );
  }

  async function act(question, detail, action, path) {
    if (!(await confirmed(question, detail, action))) return;
    await command("POST", path).then(
      () => toast(h("span", {}, `${action}: accepted`)),
      (problem) => toast(problemBox(problem), "problem"),
    );
    lookAgain();
  }

  return { refresh, concerns: () => false };
}

function projectionTable(projections, act) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": "Projections" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Name", "Generation", "Position", "Behind", "State", ""].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        projections.map((projection) => projectionRow(projection, act)),
      ),
    ),
  );
}

function projectionRow({ name, generation, position, lag_events, lag_seconds, state }, act) {
  const path = `/v1/admin/projections/${encodeURIComponent(name)}`;
  const isRebuilding = state === "rebuilding";
  const progress = h("progress", {
    value: position,
    max: Math.max(1, position + (lag_events ?? 0)),
    "aria-label": `Rebuild of ${name}`,
  });
  const rebuild = () =>
    act(
      `Rebuild ${name}?`,
      "It is built anew from the whole log beside the one in use, and takes its place when it has caught up.",
      "Rebuild",
      `${path}/rebuild`,
    );
  const rollback = () =>
    act(`Roll back ${name}?`, "The generation before this one takes its place again.", "Roll back", `${path}/rollback`);
  return h(
    "tr",
    { "data-key": `${name} ${generation}` },
    h("th", { scope: "row" }, words(name)),
    h("td", { class: "number" }, generation),
    h("td", { class: "number" }, position),
    h("td", {}, isRebuilding ? progress : `${lag_events ?? 0} events, ${Math.round(lag_seconds ?? 0)} s`),
    h("td", {}, stateChip(state)),
    h(
      "td",
      { class: "actions" },
      h(
        "button",
        { type: "button", disabled: isRebuilding, "aria-label": `Rebuild ${words(name)}`, onclick: rebuild },
        "Rebuild",
      ),
      h("button", { type: "button", "aria-label": `Roll back ${words(name)}`, onclick: rollback }, "Roll back"),
    ),
  );
}

function letterRow(letter, act) {
  const path = `/v1/admin/dead-letters/${encodeURIComponent(letter.id)}`;
  const rest = Object.fromEntries(Object.entries(letter).filter(([name]) => !TOLD.includes(name)));
  return h(
    "li",
    { class: "panel", "data-key": letter.id },
    h("p", { class: "failure" }, h("strong", {}, letter.reason ?? letter.error ?? "No reason was given")),
    facts([
      ["Subscription", letter.subscription],
      ["Event", letter.event_type ?? letter.type],
      ["Subject", letter.subject],
      ["Position", letter.position],
      ["Attempts", letter.attempts],
      ["Parked", letter.parked_at && when(letter.parked_at)],
    ]),
    Object.keys(rest).length
      ? h(
          "details",
          {},
          h("summary", {}, "More"),
          h("pre", { tabindex: "0" }, h("code", {}, JSON.stringify(rest, null, 2))),
        )
      : null,
    h(
      "div",
      { class: "actions" },
      h(
        "button",
        {
          type: "button",
          class: "primary",
          onclick: () => act("Replay this event?", "It is handled again, now.", "Replay", `${path}/replay`),
        },
        "Replay",
      ),
      h(
        "button",
        {
          type: "button",
          onclick: () =>
            act("Discard this event?", "It will never be handled. The log keeps it.", "Discard", `${path}/discard`),
        },
        "Discard",
      ),
    ),
  );
}
