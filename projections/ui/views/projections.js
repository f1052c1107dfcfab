// How far each projection has come; building one anew, and going back.

import { get, items } from "../lib/api.js";
import { confirmAndPost } from "../lib/confirm.js";
import { h, render } from "../lib/dom.js";
import { duration, words } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { stateChip } from "../lib/parts.js";

/** While something is built, people look. */
const PACE_MS = 500;

export function open(root, { signal, lookAgain, setTitle }) {
  const table = h("div", {});
  let isRebuilding = false;
  setTitle(t("Projections"));
  render(
    root,
    h(
      "div",
      { class: "title" },
      h("h1", {}, t("Projections")),
      h("p", { class: "muted" }, t("What readers see, and how far behind the log it is")),
    ),
    table,
  );

  async function refresh() {
    const rows = items(await get("/v1/admin/projections", signal));
    isRebuilding = rows.some((row) => underWay(row) || row.state === "rebuilding");
    render(table, rows.length ? tableOf(rows, act) : h("p", { class: "muted" }, t("Another process keeps them.")));
  }

  const act = (request) => confirmAndPost(request).then(lookAgain);

  return { refresh, concerns: () => false, pace_ms: () => (isRebuilding ? PACE_MS : undefined) };
}

function underWay({ last_rebuild: rebuild }) {
  return Boolean(rebuild) && !rebuild.outcome;
}

function tableOf(rows, act) {
  const columns = [t("Name"), t("Generation"), t("Position"), t("Behind"), t("State"), t("Rebuild"), t("Actions")];
  const previous = new Set(rows.filter((row) => row.state === "previous").map((row) => row.name));
  const live = rows.filter((row) => !["previous", "rebuilding"].includes(row.state));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": t("Projections") },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        {},
        rows.map((row) => rowOf(row, live.includes(row), previous.has(row.name), act)),
      ),
    ),
  );
}

function rowOf(row, isLive, hasPrevious, act) {
  const { name, generation, position, lag_events: events, lag_seconds: seconds, state, reason } = row;
  const lag = events ? `${t("{count} events", { count: events })}, ${duration(seconds ?? 0)}` : t("nothing");
  return h(
    "tr",
    { "data-key": `${name} ${generation}`, "data-state": state },
    h("th", { scope: "row" }, words(name)),
    h("td", { class: "number" }, generation),
    h("td", { class: "number" }, position),
    h("td", {}, lag),
    h("td", {}, stateChip(state), reason ? h("p", { class: "failure" }, reason) : null),
    h("td", { class: "wraps" }, isLive ? progress(row) : null),
    h("td", { class: "actions" }, isLive ? actions(row, hasPrevious, act) : null),
  );
}

/** The rebuild that is under way, or how the last one ended. */
function progress(row) {
  const { name, last_rebuild: rebuild } = row;
  if (!rebuild) return h("span", { class: "muted" }, t("none since the start"));
  if (!underWay(row)) {
    return h(
      "details",
      { "data-rebuild": rebuild.phase },
      h("summary", { class: rebuild.phase === "failed" ? "failure" : "muted" }, words(rebuild.phase)),
      rebuild.outcome,
    );
  }
  const percent = Math.floor((rebuild.position / Math.max(1, rebuild.head)) * 100);
  return h(
    "span",
    { "data-rebuild": rebuild.phase },
    h("progress", {
      max: Math.max(1, rebuild.head),
      value: rebuild.position,
      "aria-label": t("Rebuild of {name}", { name: words(name) }),
    }),
    ` ${words(rebuild.phase)}, ${percent} %`,
  );
}

function actions(row, hasPrevious, act) {
  const { name } = row;
  const said = words(name);
  const path = `/v1/admin/projections/${encodeURIComponent(name)}`;
  const rebuild = () =>
    act({
      question: t("Rebuild {name}?", { name: said }),
      detail: t("It is built anew from the whole log beside the one in use, and takes its place when it has caught up."),
      action: t("Rebuild"),
      path: `${path}/rebuild`,
    });
  const rollback = () =>
    act({
      question: t("Roll back {name}?", { name: said }),
      detail: t("The generation before this one takes its place again."),
      action: t("Roll back"),
      path: `${path}/rollback`,
    });
  const button = (text, label, disabled, onclick) =>
    h("button", { type: "button", disabled, "aria-label": label, onclick }, text);
  return [
    button(t("Rebuild"), t("Rebuild {name}", { name: said }), underWay(row), rebuild),
    button(t("Roll back"), t("Roll back {name}", { name: said }), underWay(row) || !hasPrevious, rollback),
  ];
}
