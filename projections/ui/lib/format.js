// How values are written for people, in their language.

import { language, t, text } from "./i18n.js";

const UNITS_S = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export const ZONES = ["D", "C", "B", "A", "not_assessable", "unknown"];

const ZONE_WORDS = {
  A: text("as good as new"),
  B: text("fit to run on"),
  C: text("not for long"),
  D: text("damage is near"),
  not_assessable: text("cannot be judged"),
  unknown: text("not measured yet"),
};

export function zoneWords(zone) {
  return t(ZONE_WORDS[zone] ?? "");
}

export function zoneName(zone) {
  const special = { not_assessable: text("Not assessable"), unknown: text("No zone yet") }[zone ?? "unknown"];
  return special ? t(special) : t("Zone {zone}", { zone });
}

export function number(value, digits = 2) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function velocity(value) {
  return `${number(value)} mm/s`;
}

/** A time as the plots write it: UTC, to the second. */
export function time(moment) {
  const at = new Date(moment);
  return Number.isNaN(at.getTime()) ? "–" : `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function ago(moment) {
  const seconds = (new Date(moment) - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return t("never");
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  const unit = UNITS_S.find(([, length]) => Math.abs(seconds) >= length);
  if (unit) return relative.format(Math.round(seconds / unit[1]), unit[0]);
  return Math.abs(seconds) < 10 ? t("just now") : relative.format(Math.round(seconds), "second");
}

/** How long something took or waits. */
export function duration(seconds) {
  if (!(seconds >= 0)) return "–";
  const unit = UNITS_S.find(([, length]) => seconds >= length);
  const [name, length] = unit ?? ["second", 1];
  return (seconds / length).toLocaleString(language(), {
    style: "unit",
    unit: name,
    unitDisplay: "long",
    maximumFractionDigits: seconds < 10 ? 1 : 0,
  });
}

export function bytes(count) {
  if (!(count >= 0)) return "–";
  if (count < 1_000) return `${count} B`;
  if (count < 1e6) return `${number(count / 1e3, 0)} kB`;
  return count < 1e9 ? `${number(count / 1e6, 1)} MB` : `${number(count / 1e9, 1)} GB`;
}

/** A name of the API in words; names that plants give stay as they are: those are never passed here. */
export function words(name) {
  return name == null || name === "" ? "" : t(String(name).replaceAll("_", " "));
}

export function shortId(id) {
  return `…${String(id).slice(-8)}`;
}

/** `atalaya.motor.zone_changed` is the motor's `zone changed`. */
export function eventKind(type) {
  const [category = "", name = ""] = String(type).split(".").slice(-2);
  return { category, name };
}

/** What an event says, in one line. */
export function eventSummary({ type, data = {} }) {
  const { name } = eventKind(type);
  const place = placeOf(data);
  switch (name) {
    case "zone_changed":
      return `${place}: ${words(data.from ?? "none")} → ${words(data.to ?? "none")} ${reading(data)} ${words(data.reason)}`.trim();
    case "alarm_raised":
      return `${words(data.level)}, ${place}: ${reading(data)} > ${velocity(data.limit_mm_s)}${because(data)}`;
    case "baseline_learned":
      return t("{place}: {value}, alarm above {limit}", {
        place,
        value: reading(data),
        limit: velocity(data.alarm_limit_mm_s),
      });
    case "departure_began":
      return `${place}: ${words(data.departure)}, ${number(data.baseline_mm_s)} → ${reading(data)}`;
    case "departure_ended":
      return `${place}: ${words(data.departure)}`;
    case "sensor_lost":
    case "sensor_found":
    case "alarm_cleared":
      return place;
    case "attempt_failed":
      return `${t("attempt {attempt}", data)}: ${words(data.code)}, ${data.detail ?? ""}`;
    case "processing_started":
      return t("attempt {attempt}", data);
    case "variant_produced":
      return `${data.name}, ${bytes(data.bytes)}`;
    case "registered":
    case "revised":
      return data.name ?? "";
    case "relocated":
      return data.location ?? data.to ?? "";
    case "finding_began":
    case "finding_ended":
      return [words(data.fault), data.bearing && t("bearing {bearing}", data), place].filter(Boolean).join(", ");
    case "verdict_given":
      return verdictSummary(data.verdict);
    case "reprocessed":
      return t("{samples} samples from {from} to {to}", { ...data, from: time(data.from), to: time(data.to) });
    default:
      return data.code ? words(data.code) : "";
  }
}

/** A verdict on samples of before is the event that there would have been. */
function verdictSummary(verdict) {
  const [[name, data] = ["", {}]] = Object.entries(verdict ?? {});
  const summary = eventSummary({ type: `motor.${name}`, data: { ...data, to: data.to ?? data.assessment } });
  return t("samples of {time}: {verdict}", { time: time(data.at), verdict: `${words(name)}, ${summary}` });
}

/** A measuring point. */
export function placeOf({ sensor, axis }) {
  return [sensor, words(axis)].filter(Boolean).join(" ");
}

const RULES = {
  boundary: text("the boundary of zones B and C"),
  baseline: text("a quarter of B/C above the baseline"),
  ceiling: text("1.25 times B/C"),
  trip: text("1.25 times C/D"),
};

/** Where the limit of an alarm comes from. */
export function ruleWords(rule) {
  return RULES[rule] ? t(RULES[rule]) : "";
}

function because({ rule }) {
  return rule ? `, ${ruleWords(rule)}` : "";
}

function reading(data) {
  return typeof data.velocity_rms_mm_s === "number" ? velocity(data.velocity_rms_mm_s) : "";
}
