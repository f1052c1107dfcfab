// What the view of one motor is made of.

import { command } from "../lib/api.js";
import { h, icon } from "../lib/dom.js";
import { number, velocity, words, zoneName } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { alarmBadge, curl, emptyState, facts, measured, problemBox, stateChip, toast, zoneChip } from "../lib/parts.js";

export function heading(motor) {
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/" }, t("Fleet")), " / "),
    h(
      "div",
      { class: "title" },
      zoneChip(motor.zone, "large"),
      h(
        "div",
        {},
        h("h1", {}, motor.name),
        h(
          "p",
          {},
          zoneName(motor.zone ?? "unknown"),
          motor.zone_reason ? `, ${words(motor.zone_reason)}` : "",
          " · ",
          velocity(motor.velocity_rms_mm_s),
          " RMS · ",
          measured(motor),
        ),
      ),
      alarmBadge(motor),
      motor.state === "decommissioned" ? stateChip(motor.state) : null,
    ),
  ];
}

export function alarm(motor, path, lookAgain) {
  if (!motor.alarm || motor.alarm === "none") return null;
  const acknowledge = () =>
    command("POST", `${path}/alarm/acknowledge`).then(lookAgain, (problem) => toast(problemBox(problem), "problem"));
  return h(
    "div",
    { class: "alarm-panel", "data-alarm": motor.alarm },
    icon("bell"),
    h(
      "p",
      {},
      h("strong", {}, motor.alarm === "trip" ? t("Trip limit exceeded") : t("Alarm limit exceeded")),
      ` · ${motor.acknowledged ? t("acknowledged") : t("nobody has acknowledged this yet")}`,
    ),
    motor.acknowledged ? null : h("button", { type: "button", class: "primary", onclick: acknowledge }, t("Acknowledge")),
  );
}

export function nameplate(motor) {
  const support =
    typeof motor.support === "object" && motor.support
      ? Object.entries(motor.support)
          .map(([axis, kind]) => `${words(axis)} ${words(kind)}`)
          .join(", ")
      : words(motor.support);
  const bearings = (motor.bearings ?? []).map(
    (bearing) =>
      `${bearing.position}: ${bearing.designation ?? `${bearing.rolling_elements} × ${bearing.element_diameter_mm} mm on ${bearing.pitch_diameter_mm} mm`}`,
  );
  return facts([
    [t("Rated power"), `${motor.rated_power_kw} kW`],
    [t("Rated speed"), `${motor.rated_speed_rpm} rpm`],
    [t("Line frequency"), motor.line_frequency_hz && `${motor.line_frequency_hz} Hz`],
    [t("Poles"), motor.poles],
    [t("Machine group"), motor.machine_group && words(motor.machine_group)],
    [t("Support"), support],
    [t("Zone boundaries"), boundaries(motor.boundaries)],
    [t("Bearings"), bearings.join("; ")],
    [t("Location"), motor.location],
    [t("State"), words(motor.state)],
    [t("Motor id"), h("code", {}, motor.motor_id)],
  ]);
}

/** The motor's own; those of the standard follow from its group and support. */
function boundaries(custom) {
  if (!custom) return null;
  const ends = ({ ab, bc, cd }, unit) => `${ab} / ${bc} / ${cd} ${unit}`;
  const { velocity_mm_s: velocity, displacement_um: displacement } = custom;
  return [ends(velocity, "mm/s"), displacement && ends(displacement, "µm")].filter(Boolean).join(", ");
}

export function sensorTable({ sensors = [] }) {
  if (!sensors.length) return h("p", { class: "muted" }, t("No sensor has sent anything yet."));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": t("Sensors") },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          [t("Sensor"), t("Axis"), t("Zone"), "mm/s RMS", t("Baseline"), t("Alarm at"), t("State")].map((name) =>
            h("th", { scope: "col" }, name),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        sensors.map((sensor) =>
          h(
            "tr",
            { "data-key": key(sensor) },
            h("th", { scope: "row" }, sensor.sensor),
            h("td", {}, words(sensor.axis)),
            h("td", {}, zoneChip(sensor.zone)),
            h("td", { class: "number" }, number(sensor.velocity_rms_mm_s)),
            h("td", { class: "number" }, number(sensor.baseline?.velocity_rms_mm_s), departure(sensor)),
            h("td", { class: "number" }, number(sensor.alarm_limit_mm_s)),
            h("td", {}, stateChip(sensor.state)),
          ),
        ),
      ),
    ),
  );
}

/** Which way it vibrates otherwise than when all is well. */
function departure(sensor) {
  return { rise: " ↑", fall: " ↓" }[sensor.departure] ?? null;
}

export function firstMeasurement(path) {
  const sample = {
    sensor: "DE",
    axis: "radial_h",
    unit: "mm/s",
    statistic: "rms",
    sample_rate_hz: 1,
    started_at: new Date().toISOString(),
    samples: [2.1],
  };
  return emptyState(t("No measurement yet"), t("Send what a sensor measured; the trend starts with the first value."), [
    curl(`${path}/vibration`, "-H 'Content-Type: application/json'", `-d '${JSON.stringify(sample)}'`),
  ]);
}

/** A sensor measures in several axes; the two together name what is plotted. */
export function key({ sensor, axis }) {
  return `${sensor} ${axis}`;
}
