// One motor: what it is, how it runs, what happened to it, what it looks like.

import { get, items, url } from "../lib/api.js";
import { h, render } from "../lib/dom.js";
import { eventKind, words } from "../lib/format.js";
import { t, text } from "../lib/i18n.js";
import { History } from "../lib/history.js";
import { choice, problemBox, stateChip } from "../lib/parts.js";
import { Plot, opener } from "../lib/picture.js";
import { Uploader } from "../lib/upload.js";
import { findings } from "./findings.js";
import { thumbnail } from "./images.js";
import { alarm, firstMeasurement, heading, key, nameplate, sensorTable } from "./motor_pieces.js";

const RANGES = [
  ["900", text("15 minutes")],
  ["3600", text("1 hour")],
  ["21600", text("6 hours")],
  ["86400", text("1 day")],
  ["604800", text("1 week")],
  ["", text("all there is")],
];
/** `from` moves in steps, so that a plot asked for again soon is the same document. */
const RANGE_STEP_MS = 10_000;
const PLOT_WIDTH_PX_MAX = 1_300;
const PLOT_HEIGHT_PX = 340;
const PICTURES_MAX = 12;

export function open(root, { parameter: id, signal, lookAgain, setTitle }) {
  const path = `/v1/motors/${encodeURIComponent(id)}`;
  const parts = Object.fromEntries(
    ["head", "alarm", "plate", "picker", "sensors", "findings", "history", "pictures"].map((name) => [
      name,
      h("div", { class: name }),
    ]),
  );
  const plots = {
    trend: figure("trend", t("Trend of the vibration velocity")),
    spectrum: figure("spectrum", t("Spectrum of the vibration")),
    waveform: figure("waveform", t("Waveform of the newest samples")),
    waterfall: figure("waterfall", t("Spectra of the vibration over time")),
    envelope: figure("envelope", t("Spectrum of the squared envelope, with the lines of bearing faults")),
  };
  const uploader = new Uploader({ motor_id: id }, lookAgain);
  const history = new History(path, signal);
  let channel = null;
  let range = null;
  render(
    root,
    parts.head,
    parts.alarm,
    h(
      "div",
      { class: "columns" },
      h(
        "section",
        { class: "panel", "aria-labelledby": "t-plate" },
        h("h2", { id: "t-plate" }, t("Nameplate")),
        parts.plate,
      ),
      h(
        "section",
        { class: "panel", "aria-labelledby": "t-sensors" },
        h("h2", { id: "t-sensors" }, t("Sensors")),
        parts.sensors,
        h("h2", { id: "t-findings" }, t("Findings")),
        parts.findings,
      ),
    ),
    h(
      "section",
      { "aria-labelledby": "t-vibration" },
      h("h2", { id: "t-vibration" }, t("Vibration")),
      parts.picker,
      h("div", { class: "plots" }, Object.values(plots).map((plot) => plot.element)),
    ),
    h(
      "section",
      { "aria-labelledby": "t-pictures" },
      h("h2", { id: "t-pictures" }, t("Pictures")),
      uploader.element,
      parts.pictures,
    ),
    h(
      "section",
      { "aria-labelledby": "t-history" },
      h("h2", { id: "t-history" }, t("History")),
      h("p", {}, h("a", { href: `#/events/motor/${encodeURIComponent(id)}` }, t("The whole history, and the state of any time"))),
      parts.history,
    ),
  );

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
    await Promise.all([
      showPlots(),
      showFindings(),
      showPictures(),
      history.refresh().then((list) => render(parts.history, list)),
    ]);
  }

  function picker(motor) {
    const channels = motor.sensors.map((sensor) => [key(sensor), `${sensor.sensor} · ${words(sensor.axis)}`]);
    return [
      choice(t("Sensor"), channels, key(channel), (chosen) => {
        channel = motor.sensors.find((sensor) => key(sensor) === chosen);
        lookAgain();
      }),
      choice(t("Time"), RANGES.map(([seconds, name]) => [seconds, t(name)]), range, (chosen) => {
        range = chosen;
        lookAgain();
      }),
    ];
  }

  async function showPlots() {
    const { sensor, axis } = channel ?? {};
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const from =
      range && new Date(Math.floor((Date.now() - range * 1000) / RANGE_STEP_MS) * RANGE_STEP_MS).toISOString();
    for (const plot of Object.values(plots)) plot.element.hidden = !channel;
    if (!channel) return;
    const size = { theme, width: widthPx(plots.trend.element), height: PLOT_HEIGHT_PX };
    await Promise.all([
      plots.trend.show(url(`${path}/trend.svg`, { feature: "velocity_rms_mm_s", from, sensor, axis, ...size }), signal),
      plots.spectrum.show(url(`${path}/spectrum.svg`, { sensor, axis, ...size }), signal),
      plots.waveform.show(url(`${path}/waveform.svg`, { sensor, axis, ...size }), signal),
      plots.waterfall.show(url(`${path}/waterfall.svg`, { from, sensor, axis, ...size }), signal),
      plots.envelope.show(url(`${path}/envelope.svg`, { sensor, axis, ...size }), signal),
    ]);
  }

  async function showFindings() {
    render(parts.findings, findings(await get(`${path}/diagnosis`, signal)));
  }

  async function showPictures() {
    const pictures = items(await get(url("/v1/images", { motor_id: id, limit: PICTURES_MAX }), signal));
    render(
      parts.pictures,
      pictures.length
        ? h(
            "ul",
            { class: "thumbs" },
            pictures.map((task) => h("li", { "data-key": task.task_id }, thumbnail(task), stateChip(task.state))),
          )
        : h("p", { class: "muted" }, t("No picture of this motor yet.")),
    );
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
  const link = h("a", { target: "_blank", rel: "noopener" }, t("Open {file}", { file: `${name}.svg` }));
  async function show(url, signal) {
    link.href = url;
    link.onclick = opener(url);
    const problem = await plot.show(url, signal).then(
      () => null,
      (error) => error,
    );
    if (problem?.name === "AbortError") return;
    plot.img.hidden = Boolean(problem);
    render(trouble, problemBox(problem));
  }
  plot.img.onerror = () => (plot.img.hidden = true);
  plot.img.onload = () => (plot.img.hidden = false);
  return {
    element: h("figure", { "data-plot": name }, plot.img, trouble, h("figcaption", {}, link)),
    show,
    close: () => plot.close(),
  };
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
