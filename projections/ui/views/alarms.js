// Who needs somebody: motors with an alarm, the trips first, those that nobody has acknowledged before the others.

import { command, get, items, url } from "../lib/api.js";
import { h, render } from "../lib/dom.js";
import { eventKind, number, placeOf, ruleWords } from "../lib/format.js";
import { plural, t } from "../lib/i18n.js";
import { alarmBadge, emptyState, measured, problemBox, toast, zoneChip } from "../lib/parts.js";

const PAGE = 200;

export function open(root, { signal, lookAgain, setTitle }) {
  setTitle(t("Alarms"));

  async function refresh() {
    const lists = await Promise.all(
      ["trip", "alarm"].map(async (alarm) => items(await get(url("/v1/motors", { alarm, limit: PAGE }), signal))),
    );
    const isSeen = (motor) => (motor.acknowledged ? 1 : 0);
    const motors = lists.flatMap((list) => list.toSorted((one, next) => isSeen(one) - isSeen(next)));
    const waiting = motors.filter((motor) => !motor.acknowledged).length;
    render(
      root,
      h(
        "div",
        { class: "title", "data-key": "title" },
        h("h1", {}, t("Alarms")),
        h(
          "p",
          { class: "muted" },
          motors.length ? plural(waiting, "{count} waits for somebody", "{count} wait for somebody") : "",
        ),
      ),
      motors.length
        ? h("ul", { class: "alarms-list" }, motors.map(row))
        : emptyState(t("No alarms"), t("Every motor that can be judged is below its limits.")),
    );
  }

  function row(motor) {
    const path = `/v1/motors/${encodeURIComponent(motor.motor_id)}`;
    const acknowledge = () =>
      command("POST", `${path}/alarm/acknowledge`).then(lookAgain, (problem) => toast(problemBox(problem), "problem"));
    const above = (motor.sensors ?? []).filter((sensor) => sensor.alarm && sensor.alarm !== "none");
    return h(
      "li",
      { class: "alarm-panel", "data-key": motor.motor_id, "data-alarm": motor.alarm },
      zoneChip(motor.zone),
      h(
        "div",
        { class: "what" },
        h("h2", {}, h("a", { href: `#/motors/${encodeURIComponent(motor.motor_id)}` }, motor.name)),
        h("p", { class: "muted" }, motor.location ? `${motor.location} · ` : "", measured(motor)),
        h("ul", {}, above.map(reason)),
      ),
      alarmBadge(motor),
      motor.acknowledged
        ? null
        : h(
            "button",
            {
              type: "button",
              class: "primary",
              "aria-label": t("Acknowledge {name}", { name: motor.name }),
              onclick: acknowledge,
            },
            t("Acknowledge"),
          ),
    );
  }

  return { refresh, concerns: (event) => eventKind(event.type).category === "motor" };
}

/** What was measured, and which limit it is above. */
function reason(sensor) {
  const value = `${placeOf(sensor)}: ${number(sensor.velocity_rms_mm_s)} mm/s`;
  const isAlarm = sensor.alarm === "alarm" && typeof sensor.alarm_limit_mm_s === "number";
  const limit = isAlarm ? `, ${t("limit {limit} mm/s", { limit: number(sensor.alarm_limit_mm_s) })}` : "";
  const rule = sensor.alarm_rule ? `: ${ruleWords(sensor.alarm_rule)}` : "";
  return h("li", { "data-key": `${sensor.sensor} ${sensor.axis}` }, `${value}${limit}${rule}`);
}
