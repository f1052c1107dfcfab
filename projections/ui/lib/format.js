// How values are written for people.

const UNITS_S = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const ZONES = ["D", "C", "B", "A", "not_assessable", "unknown"];

export const ZONE_WORDS = {
  A: "as good as new",
  B: "fit to run on",
  C: "not for long",
  D: "damage is near",
  not_assessable: "cannot be judged",
  unknown: "not measured yet",
};

export function zoneName(zone) {
  return { not_assessable: "Not assessable", unknown: "No zone yet" }[zone ?? "unknown"] ?? `Zone ${zone}`;
}

export function number(value, digits = 2) {
  return typeof value === "number" && Number.isFinite(value) ? value.toFixed(digits) : "–";
}

export function velocity(value) {
  return `${number(value)} mm/s`;
}

/** A time as the plots write it: UTC, to the second. */
export function time(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "–" : `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function ago(text) {
  const seconds = (new Date(text) - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return "never";
  const unit = UNITS_S.find(([, length]) => Math.abs(seconds) >= length);
  if (unit) return relative.format(Math.round(seconds / unit[1]), unit[0]);
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.round(seconds), "second");
}

export function bytes(count) {
  if (!(count >= 0)) return "–";
  if (count < 1_000) return `${count} B`;
  return count < 1e6 ? `${(count / 1e3).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

export function words(name) {
  return String(name ?? "–").replaceAll("_", " ");
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
  const place = [data.sensor, data.axis].filter(Boolean).join(" ");
  switch (name) {
    case "zone_changed":
      return `${place}: ${data.from ?? "none"} → ${data.to ?? "none"} ${reading(data)} ${words(data.reason ?? "")}`.trim();
    case "alarm_raised":
      return `${data.level} at ${place}: ${reading(data)} over ${number(data.limit_mm_s)} mm/s${because(data)}`;
    case "baseline_learned":
      return `${place}: ${reading(data)}, alarm above ${number(data.alarm_limit_mm_s)} mm/s`;
    case "departure_began":
      return `${place}: ${data.departure} from ${number(data.baseline_mm_s)} to ${reading(data)}`;
    case "departure_ended":
      return `${place}: ${data.departure}`;
    case "sensor_lost":
    case "sensor_found":
      return place;
    case "attempt_failed":
      return `attempt ${data.attempt}: ${words(data.code)}, ${data.detail ?? ""}`;
    case "processing_started":
      return `attempt ${data.attempt}`;
    case "variant_produced":
      return `${data.name}, ${bytes(data.bytes)}`;
    case "registered":
    case "revised":
      return data.name ?? "";
    case "relocated":
      return data.location ?? data.to ?? "";
    default:
      return data.code ? words(data.code) : "";
  }
}

/** Where the limit of an alarm comes from. */
function because({ rule, baseline_mm_s: baseline }) {
  switch (rule) {
    case "boundary":
      return ", the boundary of zones B and C";
    case "baseline":
      return `, a quarter of B/C above the baseline of ${number(baseline)}`;
    case "ceiling":
      return ", 1.25 times B/C";
    case "trip":
      return ", 1.25 times C/D";
    default:
      return "";
  }
}

function reading(data) {
  return typeof data.velocity_rms_mm_s === "number" ? velocity(data.velocity_rms_mm_s) : "";
}
