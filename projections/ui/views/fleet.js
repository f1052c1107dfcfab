// The fleet: every motor as a card, the worst zone first.

import { get, items, url } from "../lib/api.js";
import { h, render, s } from "../lib/dom.js";
import { ZONES, eventKind, number, words, zoneName, zoneWords } from "../lib/format.js";
import { plural, t } from "../lib/i18n.js";
import { alarmBadge, curl, emptyState, measured, showMore, zoneChip } from "../lib/parts.js";

const CARDS_STEP = 24;
const CARDS_MAX = 96;

export function open(root, { signal, lookAgain, setTitle }) {
  const limits = Object.fromEntries(ZONES.map((zone) => [zone, CARDS_STEP]));
  setTitle(t("Fleet"));

  async function refresh(fleet) {
    const present = ZONES.filter((zone) => fleet.zones?.[zone] > 0);
    const groups = await Promise.all(
      present.map(async (zone) => {
        const body = await get(url("/v1/motors", { zone, limit: limits[zone] }), signal);
        return { zone, motors: items(body), count: fleet.zones[zone] };
      }),
    );
    if (!fleet.motors) return render(root, title(fleet), welcome());
    render(root, title(fleet), summary(fleet), groups.map(group));
  }

  function group({ zone, motors, count }) {
    const more = count > motors.length && limits[zone] < CARDS_MAX;
    return h(
      "section",
      { class: "group", "data-key": zone, id: `zone-${zone}`, tabindex: "-1", "aria-labelledby": `title-${zone}` },
      h(
        "h2",
        { id: `title-${zone}` },
        zoneName(zone),
        h("span", { class: "muted" }, ` ${zoneWords(zone)} · ${count}`),
      ),
      h("ul", { class: "cards" }, motors.map(card)),
      more
        ? showMore(() => {
            limits[zone] += CARDS_STEP;
            lookAgain();
          })
        : null,
      count > motors.length && !more
        ? h("p", { class: "muted" }, t("{count} more: ask the API with zone={zone}.", { count: count - motors.length, zone }))
        : null,
    );
  }

  return { refresh, concerns: (event) => eventKind(event.type).category === "motor" };
}

function title(fleet) {
  const lost = fleet.sensors_lost ?? 0;
  return h(
    "div",
    { class: "title", "data-key": "title" },
    h("h1", {}, t("Fleet")),
    h(
      "p",
      { class: "muted" },
      plural(fleet.motors ?? 0, "{count} motor", "{count} motors"),
      lost ? ` · ${plural(lost, "{count} sensor lost", "{count} sensors lost")}` : "",
    ),
  );
}

function summary(fleet) {
  const count = (zone) => fleet.zones?.[zone] ?? 0;
  return h(
    "div",
    { class: "summary", "data-key": "summary" },
    proportions(count),
    h(
      "ul",
      { class: "tiles" },
      ZONES.map((zone) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              class: "tile",
              "data-zone": zone,
              disabled: count(zone) === 0,
              onclick: () => jumpTo(zone),
            },
            zoneChip(zone),
            h("strong", {}, count(zone)),
            h("span", { class: "muted" }, zoneWords(zone)),
          ),
        ),
      ),
    ),
  );
}

/** How the fleet is divided, as one bar; the tiles below tell the same in numbers. */
function proportions(count) {
  const total = ZONES.reduce((sum, zone) => sum + count(zone), 0) || 1;
  let x = 0;
  const parts = ZONES.map((zone) => {
    const width = (count(zone) / total) * 1000;
    const part = s("rect", { x, y: 0, width, height: 10, "data-zone": zone });
    x += width;
    return part;
  });
  return s(
    "svg",
    { class: "proportions", viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    parts,
  );
}

function jumpTo(zone) {
  const section = document.getElementById(`zone-${zone}`);
  section?.scrollIntoView({ behavior: "smooth" });
  section?.focus({ preventScroll: true });
}

function card(motor) {
  const lost = (motor.sensors ?? []).filter((sensor) => sensor.state === "lost").length;
  const hasVelocity = typeof motor.velocity_rms_mm_s === "number";
  return h(
    "li",
    { class: "card", "data-key": motor.motor_id, "data-zone": motor.zone ?? "unknown" },
    h(
      "div",
      { class: "head" },
      zoneChip(motor.zone),
      h("h3", {}, h("a", { href: `#/motors/${encodeURIComponent(motor.motor_id)}` }, motor.name)),
      alarmBadge(motor),
    ),
    h(
      "p",
      { class: "reading" },
      number(motor.velocity_rms_mm_s),
      h("small", {}, hasVelocity ? " mm/s RMS" : ` ${t("no velocity")}`),
    ),
    h(
      "p",
      { class: "muted" },
      [motor.location, `${motor.rated_power_kw} kW`, `${motor.rated_speed_rpm} rpm`].filter(Boolean).join(" · "),
    ),
    h(
      "p",
      { class: "muted" },
      motor.zone_reason ? [words(motor.zone_reason), " · "] : null,
      measured(motor),
      lost ? h("span", { class: "lost" }, ` · ${plural(lost, "{count} sensor lost", "{count} sensors lost")}`) : null,
    ),
  );
}

function welcome() {
  const motor = { name: "P-101", rated_power_kw: 90, rated_speed_rpm: 1480, location: "Hall 2" };
  return emptyState(
    t("No motors yet"),
    t("Register one, and it appears here at once. Or start the server with --demo for a fleet that lives."),
    [curl("/v1/motors", "-H 'Content-Type: application/json'", `-d '${JSON.stringify(motor)}'`)],
  );
}
