// Pieces that several views show the same way.

import { Problem } from "./api.js";
import { h, icon } from "./dom.js";
import { ago, time, words, zoneName, zoneWords } from "./format.js";
import { t } from "./i18n.js";

/** Zones are a letter first and a colour second. */
export function zoneChip(zone, size = "") {
  const kind = zone ?? "unknown";
  const letter = { not_assessable: "?", unknown: "–" }[kind] ?? kind;
  const name = `${zoneName(kind)}, ${zoneWords(kind)}`;
  return h(
    "span",
    { class: `zone ${size}`, "data-zone": kind, title: name },
    h("span", { "aria-hidden": "true" }, letter),
    h("span", { class: "unseen" }, name),
  );
}

export function alarmBadge({ alarm, acknowledged }) {
  if (!alarm || alarm === "none") return null;
  return h(
    "span",
    { class: "badge", "data-alarm": alarm },
    icon("bell"),
    alarm === "trip" ? t("Trip") : t("Alarm"),
    acknowledged ? h("span", { class: "soft" }, ` ${t("acknowledged")}`) : null,
  );
}

export function stateChip(state) {
  return h("span", { class: "chip", "data-state": state }, words(state));
}

export function when(text) {
  if (!text) return h("span", { class: "muted" }, t("never"));
  return h("time", { datetime: text, title: time(text) }, ago(text));
}

export function measured({ last_measured_at: at }) {
  return at ? [t("measured"), " ", when(at)] : t("never measured");
}

export function problemBox(problem) {
  if (!problem) return null;
  const { message, detail, errors } =
    problem instanceof Problem ? problem : { message: t("The page stumbled"), detail: String(problem), errors: [] };
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("strong", {}, message),
    detail ? h("p", {}, detail) : null,
    errors.length
      ? h(
          "ul",
          {},
          errors.map((error) => h("li", {}, h("code", {}, error.pointer ?? ""), " ", error.detail ?? "")),
        )
      : null,
  );
}

/** Nothing here yet, and how to change that. */
export function emptyState(title, hint, lines = []) {
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, title),
    h("p", {}, hint),
    lines.length ? h("pre", { tabindex: "0", "aria-label": t("Commands to try") }, h("code", {}, lines.join("\n"))) : null,
  );
}

export function curl(path, ...rest) {
  return [`curl ${location.origin}${path}`, ...rest.map((part) => `  ${part}`)].join(" \\\n");
}

export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return h(
    "dl",
    { class: "facts" },
    known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

export function choice(label, options, value, onchange) {
  return h(
    "label",
    { class: "choice" },
    h("span", {}, label),
    h(
      "select",
      { onchange: (event) => onchange(event.target.value) },
      options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
    ),
  );
}

/** The way to the rest of a list. */
export function showMore(onclick) {
  return h("button", { type: "button", class: "more", onclick }, t("Show more"));
}

/** A notice that goes away by itself. */
export function toast(content, kind = "note") {
  const SHOWN_MS = 12_000;
  const TOASTS_MAX = 4;
  const shelf = document.getElementById("toasts");
  const note = h(
    "div",
    { class: "toast", "data-kind": kind },
    content,
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": t("Dismiss"), onclick: () => note.remove() },
      icon("close"),
    ),
  );
  shelf.append(note);
  while (shelf.children.length > TOASTS_MAX) shelf.firstChild.remove();
  setTimeout(() => note.remove(), SHOWN_MS);
}
