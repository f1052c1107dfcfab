// What is wrong with a motor, with the lines that speak for it, and what could not be looked for.

import { h } from "../lib/dom.js";
import { number, placeOf, words } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { when } from "../lib/parts.js";

const LINES_MAX = 4;

export function findings({ findings: found = [], not_assessable: gaps = [] }) {
  return [
    found.length
      ? h("ul", {}, found.map(finding))
      : h("p", { class: "muted" }, t("Nothing is found in what could be looked at.")),
    gaps.length ? h("p", { class: "muted" }, t("Not looked for: {gaps}", { gaps: gaps.map(gap).join("; ") })) : null,
  ];
}

function finding({ fault, bearing, sensor, axis, confidence, evidence = [], since }) {
  const place = [bearing && t("bearing {bearing}", { bearing }), placeOf({ sensor, axis })].filter(Boolean).join(" · ");
  return h(
    "li",
    { "data-key": [sensor, axis, fault, bearing].join(" "), "data-fault": fault },
    h("strong", {}, words(fault)),
    h("span", {}, ` ${place} · `, t("confidence {confidence}", { confidence: number(confidence) }), " · ", when(since)),
    h("ul", { class: "muted" }, evidence.slice(0, LINES_MAX).map(line)),
  );
}

function line({ frequency_hz: frequency, expected_hz: expected, ratio }) {
  const values = { frequency: number(frequency), expected: number(expected), ratio: number(ratio, 0) };
  return h("li", {}, t("{frequency} Hz, expected at {expected} Hz, {ratio} times the noise", values));
}

function gap({ sensor, axis, reason }) {
  return `${placeOf({ sensor, axis })}: ${words(reason)}`;
}
