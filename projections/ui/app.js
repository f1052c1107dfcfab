// The shell: which view is open, when it looks again, and what is said aloud.

import { apiKey, get, request } from "./lib/api.js";
import { h, icon, render } from "./lib/dom.js";
import { eventKind, placeOf, velocity } from "./lib/format.js";
import { LANGUAGES, language, plural, speak, t, text } from "./lib/i18n.js";
import { Live } from "./lib/live.js";
import { problemBox, toast } from "./lib/parts.js";
import * as alarms from "./views/alarms.js";
import * as events from "./views/events.js";
import * as fleet from "./views/fleet.js";
import * as history from "./views/history.js";
import * as images from "./views/images.js";
import * as letters from "./views/letters.js";
import * as motor from "./views/motor.js";
import * as projections from "./views/projections.js";
import * as system from "./views/system.js";

/** Measured values change without events, so a visible view looks again this often. */
const LOOK_AGAIN_MS = 5_000;
/** Events come in bursts; one look answers them all. */
const SETTLE_MS = 300;

const ROUTES = [
  { pattern: /^#?\/?$/, name: "fleet", view: fleet },
  { pattern: /^#\/motors\/([^/]+)$/, name: "fleet", view: motor },
  { pattern: /^#\/alarms$/, name: "alarms", view: alarms },
  { pattern: /^#\/images$/, name: "images", view: images },
  { pattern: /^#\/events$/, name: "events", view: events },
  { pattern: /^#\/events\/((?:motor|image)\/[^/]+)$/, name: "events", view: history },
  { pattern: /^#\/projections$/, name: "projections", view: projections },
  { pattern: /^#\/letters$/, name: "letters", view: letters },
  { pattern: /^#\/system$/, name: "system", view: system },
];

const main = document.getElementById("main");
const live = new Live({ onEvent: heard, onState: showState });
let shown = null;
let timer = 0;
let hasFollowed = false;

function open() {
  close();
  const route = ROUTES.find(({ pattern }) => pattern.test(location.hash)) ?? ROUTES[0];
  const parameter = location.hash.match(route.pattern)?.[1];
  const trouble = h("div", { class: "trouble" });
  const root = h("div", { class: "view" });
  const abort = new AbortController();
  main.replaceChildren(trouble, root);
  shown = { trouble, abort, isBusy: false, isStale: false };
  shown.view = route.view.open(root, {
    parameter: parameter && decodeURIComponent(parameter),
    signal: abort.signal,
    lookAgain: () => look(0),
    setTitle: (title) => (document.title = `${title} · Atalaya`),
  });
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === route.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  look(0);
}

function close() {
  clearTimeout(timer);
  shown?.abort.abort();
  shown?.view.close?.();
}

function look(after_ms) {
  clearTimeout(timer);
  timer = setTimeout(lookNow, after_ms);
}

async function lookNow() {
  const current = shown;
  if (document.hidden) return;
  if (current.isBusy) {
    current.isStale = true;
    return;
  }
  current.isBusy = true;
  current.isStale = false;
  let problem = null;
  try {
    await current.view.refresh(await fleetNow(current.abort.signal));
  } catch (error) {
    if (error.name === "AbortError") return;
    problem = error;
    if (!error.status) console.error(error);
  }
  current.isBusy = false;
  if (current !== shown) return;
  render(current.trouble, problemBox(problem));
  look(current.isStale ? SETTLE_MS : (current.view.pace_ms?.() ?? LOOK_AGAIN_MS));
}

/** The fleet in numbers; its answer also tells from which position the live tail goes on. */
async function fleetNow(signal) {
  const response = await request("/v1/fleet", { signal });
  if (!hasFollowed) {
    hasFollowed = true;
    live.start(Number(response.headers.get("Atalaya-Position") ?? 0));
  }
  const numbers = await response.json();
  const { alarm = 0, trip = 0 } = numbers.alarms ?? {};
  const told = [
    trip && plural(trip, "{count} trip", "{count} trips"),
    alarm && plural(alarm, "{count} alarm", "{count} alarms"),
  ]
    .filter(Boolean)
    .join(", ");
  const link = document.getElementById("alarms");
  link.hidden = !told;
  link.dataset.alarm = trip ? "trip" : "alarm";
  render(link, icon("bell"), told);
  return numbers;
}

function heard(event) {
  const { category, name } = eventKind(event.type);
  if (category === "motor" && name === "alarm_raised") announceAlarm(event);
  shown.view.hear?.(event);
  if (shown.view.concerns(event)) look(SETTLE_MS);
}

async function announceAlarm({ subject, data }) {
  const known = await get(`/v1/motors/${encodeURIComponent(subject)}`).catch(() => ({}));
  const name = known.name ?? subject;
  const values = { name, velocity: velocity(data.velocity_rms_mm_s), place: placeOf(data) };
  const isTrip = data.level === "trip";
  const words = isTrip
    ? t("Trip on {name}: {velocity} at {place}", values)
    : t("Alarm on {name}: {velocity} at {place}", values);
  document.getElementById("announcer").textContent = words;
  toast(h("a", { href: `#/motors/${encodeURIComponent(subject)}` }, words), data.level);
}

const STATES = {
  connecting: text("connecting"),
  live: text("live"),
  paused: text("paused"),
  reconnecting: text("reconnecting"),
};

function showState(state) {
  const badge = document.getElementById("live");
  badge.dataset.state = state;
  badge.textContent = t(STATES[state]);
}

/** What stands in the page itself, in the reader's language; the English of each text is kept beside it. */
function translateShell() {
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll("[data-text]")) {
    element.dataset.text ||= element.textContent;
    element.textContent = t(element.dataset.text);
  }
  document.querySelector("nav").setAttribute("aria-label", t("Main"));
  document.getElementById("toasts").setAttribute("aria-label", t("Notices"));
  const select = document.getElementById("language");
  select.setAttribute("aria-label", t("Language"));
  render(
    select,
    LANGUAGES.map(([tag, name]) => h("option", { value: tag, lang: tag, selected: tag === language() }, name)),
  );
  select.onchange = () => {
    speak(select.value);
    translateShell();
    showState(document.getElementById("live").dataset.state);
    open();
  };
}

function askForKey() {
  if (document.querySelector("dialog[open]")) return;
  const input = h("input", { type: "password", id: "api-key", autocomplete: "off", value: apiKey.get() });
  const dialog = h(
    "dialog",
    { "aria-labelledby": "key-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "key-title" }, t("API key")),
      h(
        "p",
        {},
        t("Needed where the server was started with keys. It is kept until this tab is closed, and sent as X-API-Key."),
      ),
      h("label", { for: "api-key" }, t("Key")),
      input,
      h(
        "div",
        { class: "actions" },
        // Enter presses the first button that submits, and that is the other one.
        h("button", { type: "button", onclick: () => dialog.close("") }, t("Cancel")),
        h("button", { class: "primary", value: "use" }, t("Use this key")),
      ),
    ),
  );
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "use") {
      apiKey.set(input.value.trim());
      restart();
    }
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
}

function restart() {
  live.stop();
  hasFollowed = false;
  open();
}

addEventListener("hashchange", () => {
  open();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
addEventListener("key-wanted", askForKey);
document.getElementById("key").onclick = askForKey;
document.getElementById("skip").onclick = (event) => {
  event.preventDefault();
  main.focus();
};
// A hidden page follows nothing: browsers allow few connections, and other tabs need them.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    live.stop();
    hasFollowed = false;
    showState("paused");
  } else {
    look(0);
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => look(0));
translateShell();
showState("connecting");
open();
