// Whether all is well inside: what is ready, how much waits, what is left of the disks.

import { get, keyHeaders, request } from "../lib/api.js";
import { confirmAndPost } from "../lib/confirm.js";
import { h, render } from "../lib/dom.js";
import { bytes, duration, words } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { Metrics } from "../lib/metrics.js";
import { facts, problemBox, stateChip } from "../lib/parts.js";

const PARTS = ["checks", "log", "queue", "disks"];

export function open(root, { signal, lookAgain, setTitle }) {
  const parts = Object.fromEntries(PARTS.map((name) => [name, h("div", {})]));
  const state = h("p", {});
  setTitle(t("System"));
  render(
    root,
    h("div", { class: "title" }, h("h1", {}, t("System")), state),
    panel("checks", t("What has to be well"), parts.checks),
    h(
      "div",
      { class: "columns" },
      panel("log", t("Log and handlers"), parts.log),
      panel("queue", t("Queue of pictures"), parts.queue),
      panel("disks", t("Disks and backups"), parts.disks),
    ),
  );

  async function refresh() {
    const [ready, metrics] = await Promise.all([readiness(signal), measured(signal)]);
    render(state, stateChip(ready.ready ? "well" : "not well"), ` ${identity(metrics)}`);
    render(parts.checks, checks(ready.checks));
    render(parts.log, log(metrics));
    render(parts.disks, disks(metrics));
    await showQueue();
  }

  /** A key of another role sees all but this. */
  async function showQueue() {
    const found = await get("/v1/admin/queue", signal).then(
      (overview) => queue(overview, act),
      (problem) => {
        if (problem.name === "AbortError" || ![403, 404].includes(problem.status)) throw problem;
        return problemBox(problem);
      },
    );
    render(parts.queue, found);
  }

  const act = (request) => confirmAndPost(request).then(lookAgain);

  return { refresh, concerns: () => false };
}

function panel(name, title, content) {
  return h(
    "section",
    { class: "panel", "aria-labelledby": `t-${name}` },
    h("h2", { id: `t-${name}` }, title),
    content,
  );
}

/** 503 is an answer here: it says what is not well. */
async function readiness(signal) {
  const response = await fetch("/readyz?verbose", { signal, headers: keyHeaders() });
  return response.json();
}

async function measured(signal) {
  const response = await request("/metrics", { signal });
  return Metrics.read(await response.text());
}

function identity(metrics) {
  const { service_version: version, atalaya_roles: roles } = metrics.labels("target_info");
  return [version && t("version {version}", { version }), roles?.replaceAll(",", ", ")].filter(Boolean).join(" · ");
}

function checks(found) {
  return h(
    "ul",
    { class: "checks" },
    found.map(({ name, ready, reason }) =>
      h(
        "li",
        { "data-key": name },
        stateChip(ready ? "well" : "not well"),
        h("code", {}, name),
        reason ? h("span", { class: "failure" }, reason) : null,
      ),
    ),
  );
}

function log(metrics) {
  const lags = metrics.all("atalaya_subscription_lag_seconds");
  const slowest = lags.toSorted((one, next) => next.value - one.value)[0];
  const differences = metrics.all("atalaya_reconciler_differences");
  return facts([
    [t("Position"), metrics.value("atalaya_log_position")],
    [t("Handlers"), lags.length],
    [t("Furthest behind"), slowest && `${slowest.labels.handler}, ${duration(slowest.value)}`],
    [t("Dead letters"), metrics.value("atalaya_dead_letters")],
    [
      t("Differences found"),
      differences.length ? differences.reduce((sum, { value }) => sum + value, 0) : undefined,
    ],
  ]);
}

function queue(overview, act) {
  const isPaused = overview.paused;
  const change = () =>
    isPaused
      ? act({
          question: t("Resume the queue?"),
          detail: t("Pictures are worked on again."),
          action: t("Resume"),
          path: "/v1/admin/queue/resume",
        })
      : act({
          question: t("Pause the queue?"),
          detail: t("What is in hand is finished; nothing new is begun until somebody resumes it."),
          action: t("Pause"),
          path: "/v1/admin/queue/pause",
        });
  return [
    facts([
      [t("State"), stateChip(isPaused ? "paused" : "running")],
      [t("Waiting"), overview.waiting],
      [t("Delayed"), overview.delayed],
      [t("In hand"), overview.leased],
      [t("Oldest waits for"), overview.oldest_waiting_s == null ? "" : duration(overview.oldest_waiting_s)],
      ...Object.entries(overview.tasks ?? {}).map(([state, count]) => [words(state), count]),
    ]),
    h("div", { class: "actions" }, h("button", { type: "button", onclick: change }, isPaused ? t("Resume") : t("Pause"))),
  ];
}

function disks(metrics) {
  const sizes = metrics.all("atalaya_disk_size_bytes");
  const free = (kept) => metrics.all("atalaya_disk_free_bytes").find(({ labels }) => labels.kept === kept)?.value;
  const backup = metrics.value("atalaya_backup_last_success_timestamp_seconds");
  return [
    sizes.map(({ labels: { kept }, value: size }) => {
      const label = t("{free} of {size} free", { free: bytes(free(kept)), size: bytes(size) });
      return h(
        "p",
        { "data-key": kept },
        `${words(kept)}: ${label} `,
        h("meter", {
          min: 0,
          max: size,
          low: size * 0.8,
          high: size * 0.9,
          optimum: 0,
          value: size - free(kept),
          "aria-label": `${words(kept)}: ${label}`,
        }),
      );
    }),
    facts([[t("Last backup"), backup ? t("{age} ago", { age: duration(Date.now() / 1000 - backup) }) : t("none told")]]),
  ];
}
