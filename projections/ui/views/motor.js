// One motor: what it is, how it runs, what happened to it, what it looks like.

import { command, get, items, url } from "../lib/api.js";
import { h, icon, render } from "../lib/dom.js";
import { eventKind, number, velocity, words, zoneName } from "../lib/format.js";
import { History } from "../lib/history.js";
import { alarmBadge, choice, curl, emptyState, facts, problemBox, stateChip, when, zoneChip } from "../lib/parts.js";
import { Plot, opener } from "../lib/picture.js";
import { Uploader } from "../lib/upload.js";
import { thumbnail } from "./images.js";

const RANGES = [["900", "15 minutes"], ["3600", "1 hour"], ["21600", "6 hours"], ["86400", "1 day"], ["604800", "1 week"], ["", "all there is"]];
/** `from` moves in steps, so that a plot asked for again soon is the same document. */
const RANGE_STEP_MS = 10_000;
const PLOT_WIDTH_PX_MAX = 1_200;
const PLOT_HEIGHT_PX = 340;
const PICTURES_MAX = 12;

export function open(root, { parameter: id, signal, lookAgain, setTitle }) {
  const path = `/v1/motors/${encodeURIComponent(id)}`;
  const parts = Object.fromEntries(["head", "alarm", "plate", "picker", "sensors", "history", "pictures"].map((name) => [name, h("div", { class: name })]));
  const plots = { trend: figure("trend", "Trend of the vibration velocity"), spectrum: figure("spectrum", "Spectrum of the vibration") };
  const uploader = new Uploader({ motor_id: id }, lookAgain);
  const history = new History(path, signal);
  let channel = null;
  let range = null;
  render(root, parts.head, parts.alarm,
    h("div", { class: "columns" },
      h("section", { class: "panel", "aria-labelledby": "t-plate" }, h("h2", { id: "t-plate" }, "Nameplate"), parts.plate),
      h("section", { class: "panel", "aria-labelledby": "t-sensors" }, h("h2", { id: "t-sensors" }, "Sensors"), parts.sensors)),
    h("section", { "aria-labelledby": "t-vibration" }, h("h2", { id: "t-vibration" }, "Vibration"), parts.picker,
      h("div", { class: "plots" }, plots.trend.element, plots.spectrum.element)),
    h("section", { "aria-labelledby": "t-pictures" }, h("h2", { id: "t-pictures" }, "Pictures"), uploader.element, parts.pictures),
    h("section", { "aria-labelledby": "t-history" }, h("h2", { id: "t-history" }, "History"), parts.history));

  async function refresh() {
    const motor = await get(path, signal);
    setTitle(motor.name);
    render(parts.head, heading(motor));
    render(parts.alarm, alarm(motor, path, lookAgain));
    render(parts.plate, nameplate(motor));
    render(parts.sensors, sensorTable(motor));
    channel = stillThere(channel, motor.sensors) ?? worst(motor.sensors);
    range ??= Date.now() - new Date(motor.last_measured_at) < 3_600_000 ? "3600" : "";
    render(parts.picker, channel ? picker(motor) : firstMeasurement(path));
    await Promise.all([showPlots(), showPictures(), history.refresh().then((list) => render(parts.history, list))]);
  }

  function picker(motor) {
    const channels = motor.sensors.map((sensor) => [key(sensor), `${sensor.sensor} · ${words(sensor.axis)}`]);
    return [choice("Sensor", channels, key(channel), (chosen) => { channel = motor.sensors.find((sensor) => key(sensor) === chosen); lookAgain(); }),
      choice("Time", RANGES, range, (chosen) => { range = chosen; lookAgain(); })];
  }

  async function showPlots() {
    const { sensor, axis } = channel ?? {};
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const from = range && new Date(Math.floor((Date.now() - range * 1000) / RANGE_STEP_MS) * RANGE_STEP_MS).toISOString();
    for (const plot of Object.values(plots)) plot.element.hidden = !channel;
    if (!channel) return;
    const size = { theme, width: widthPx(plots.trend.element), height: PLOT_HEIGHT_PX };
    await Promise.all([
      plots.trend.show(url(`${path}/trend.svg`, { feature: "velocity_rms_mm_s", from, sensor, axis, ...size }), signal),
      plots.spectrum.show(url(`${path}/spectrum.svg`, { sensor, axis, ...size }), signal),
    ]);
  }

  async function showPictures() {
    const pictures = items(await get(url("/v1/images", { motor_id: id, limit: PICTURES_MAX }), signal));
    render(parts.pictures, pictures.length ? h("ul", { class: "thumbs" }, pictures.map((task) =>
      h("li", { "data-key": task.task_id }, thumbnail(task), stateChip(task.state)))) : h("p", { class: "muted" }, "No picture of this motor yet."));
  }

  return {
    refresh,
    concerns: (event) => event.subject === id || eventKind(event.type).category === "image",
    close: () => Object.values(plots).forEach((plot) => plot.close()),
  };
}

/** A plot, the way to its document, and what went wrong with it. */
function figure(name, alt) {
  const plot = new Plot(alt);
  const trouble = h("div", {});
  const link = h("a", { target: "_blank", rel: "noopener" }, `Open ${name}.svg`);
  async function show(url, signal) {
    link.href = url;
    link.onclick = opener(url);
    const problem = await plot.show(url, signal).then(() => null, (error) => error);
    if (problem?.name === "AbortError") return;
    plot.img.hidden = Boolean(problem);
    render(trouble, problemBox(problem));
  }
  plot.img.onerror = () => (plot.img.hidden = true);
  plot.img.onload = () => (plot.img.hidden = false);
  return { element: h("figure", { "data-plot": name }, plot.img, trouble, h("figcaption", {}, link)), show, close: () => plot.close() };
}

function heading(motor) {
  return [h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Fleet"), " / "),
    h("div", { class: "title" }, zoneChip(motor.zone, "large"),
      h("div", {}, h("h1", {}, motor.name),
        h("p", {}, zoneName(motor.zone ?? "unknown"), motor.zone_reason ? `, ${words(motor.zone_reason)}` : "", " · ", velocity(motor.velocity_rms_mm_s), " RMS · measured ", when(motor.last_measured_at))),
      alarmBadge(motor), motor.state === "decommissioned" ? stateChip(motor.state) : null)];
}

function alarm(motor, path, lookAgain) {
  if (!motor.alarm || motor.alarm === "none") return null;
  const trouble = h("div", {});
  const acknowledge = () => command("POST", `${path}/alarm/acknowledge`).then(lookAgain, (problem) => render(trouble, problemBox(problem)));
  return h("div", { class: "alarm-panel", "data-alarm": motor.alarm }, icon("bell"),
    h("p", {}, h("strong", {}, motor.alarm === "trip" ? "Trip limit exceeded" : "Alarm limit exceeded"),
      motor.acknowledged ? " · acknowledged" : " · nobody has acknowledged this yet"),
    motor.acknowledged ? null : h("button", { type: "button", class: "primary", onclick: acknowledge }, "Acknowledge"), trouble);
}

function nameplate(motor) {
  const support = typeof motor.support === "object" && motor.support ? Object.entries(motor.support).map(([axis, kind]) => `${axis} ${kind}`).join(", ") : motor.support;
  const bearings = (motor.bearings ?? []).map((bearing) => `${bearing.position}: ${bearing.designation ?? `${bearing.rolling_elements} × ${bearing.element_diameter_mm} mm on ${bearing.pitch_diameter_mm} mm`}`);
  return facts([["Rated power", `${motor.rated_power_kw} kW`], ["Rated speed", `${motor.rated_speed_rpm} rpm`],
    ["Line frequency", motor.line_frequency_hz && `${motor.line_frequency_hz} Hz`], ["Poles", motor.poles],
    ["Machine group", motor.machine_group && words(motor.machine_group)], ["Support", support], ["Bearings", bearings.join("; ")],
    ["Location", motor.location], ["State", words(motor.state)], ["Motor id", h("code", {}, motor.motor_id)]]);
}

function sensorTable({ sensors = [] }) {
  if (!sensors.length) return h("p", { class: "muted" }, "No sensor has sent anything yet.");
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Sensors" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Sensor", "Axis", "Zone", "mm/s RMS", "State"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, sensors.map((sensor) => h("tr", { "data-key": key(sensor) }, h("th", { scope: "row" }, sensor.sensor),
      h("td", {}, words(sensor.axis)), h("td", {}, zoneChip(sensor.zone)), h("td", { class: "number" }, number(sensor.velocity_rms_mm_s)),
      h("td", {}, stateChip(sensor.state)))))));
}

function firstMeasurement(path) {
  const sample = { sensor: "DE", axis: "radial_h", unit: "mm/s", statistic: "rms", sample_rate_hz: 1, started_at: new Date().toISOString(), samples: [2.1] };
  return emptyState("No measurement yet", "Send what a sensor measured; the trend starts with the first value.",
    [curl(`${path}/vibration`, "-H 'Content-Type: application/json'", `-d '${JSON.stringify(sample)}'`)]);
}

function key({ sensor, axis }) {
  return `${sensor} ${axis}`;
}

function stillThere(channel, sensors = []) {
  return channel && sensors.find((sensor) => key(sensor) === key(channel));
}

function worst(sensors = []) {
  return [...sensors].sort((one, next) => (next.velocity_rms_mm_s ?? -1) - (one.velocity_rms_mm_s ?? -1))[0];
}

/** In steps, so that a window being resized does not ask for a plot per pixel. */
function widthPx(element) {
  return Math.min(PLOT_WIDTH_PX_MAX, Math.max(320, Math.floor(element.clientWidth / 20) * 20));
}
