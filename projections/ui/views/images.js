// The pictures: on their way in, being worked on, done, or failed with a reason.

import { command, get, items, url } from "../lib/api.js";
import { h, icon, render } from "../lib/dom.js";
import { bytes, eventKind, shortId, words } from "../lib/format.js";
import { plural, t } from "../lib/i18n.js";
import { show } from "../lib/gallery.js";
import { choice, curl, emptyState, problemBox, showMore, stateChip, toast, when } from "../lib/parts.js";
import { picture } from "../lib/picture.js";
import { Uploader } from "../lib/upload.js";

const PAGE = 40;
const PAGES_MAX = 5;
const STATES = ["submitted", "processing", "completed", "failed", "cancelled", "expired"];

export function open(root, { signal, lookAgain, setTitle }) {
  const uploader = new Uploader({}, lookAgain);
  const tasks = h("div", {});
  const filter = h("div", { class: "picker" });
  let state = "";
  let pages = 1;
  setTitle(t("Images"));
  render(root, h("div", { class: "title" }, h("h1", {}, t("Images"))), uploader.element, filter, tasks);

  async function refresh() {
    const found = [];
    let cursor;
    for (let page = 0; page < pages; page += 1) {
      const body = await get(url("/v1/images", { state, cursor, limit: PAGE }), signal);
      found.push(...items(body));
      cursor = body.next;
      if (!cursor) break;
    }
    render(
      filter,
      choice(t("State"), [["", t("all")], ...STATES.map((name) => [name, words(name)])], state, (chosen) => {
        state = chosen;
        pages = 1;
        lookAgain();
      }),
    );
    const more = cursor && pages < PAGES_MAX;
    render(
      tasks,
      found.length
        ? h(
            "ul",
            { class: "cards pictures" },
            found.map((task) => card(task, lookAgain)),
          )
        : nothing(state),
      more
        ? showMore(() => {
            pages += 1;
            lookAgain();
          })
        : null,
    );
  }

  return { refresh, concerns: (event) => eventKind(event.type).category === "image" };
}

/** The small picture as a way to the large one, or a place where it will be. */
export function thumbnail(task) {
  const path = `/v1/images/${encodeURIComponent(task.task_id)}`;
  const bySize = (task.variants ?? []).toSorted((a, b) => a.width * a.height - b.width * b.height);
  if (bySize.length === 0) return h("div", { class: "thumb waiting" }, icon("picture"));
  const [small, large] = [bySize.at(0), bySize.at(-1)].map(({ name }) => `${path}/${encodeURIComponent(name)}`);
  return h(
    "a",
    { class: "thumb", href: large, target: "_blank", rel: "noopener", onclick: show(task, large) },
    picture(small, t("Picture {id}, open it large", { id: shortId(task.task_id) })),
  );
}

function card(task, lookAgain) {
  const path = `/v1/images/${encodeURIComponent(task.task_id)}`;
  const act = (method, target) => () =>
    command(method, target).then(lookAgain, (problem) => toast(problemBox(problem), "problem"));
  const isUnderway = ["submitted", "processing"].includes(task.state);
  const button = (text, onclick) =>
    h("button", { type: "button", "aria-label": `${text} ${shortId(task.task_id)}`, onclick }, text);
  return h(
    "li",
    { class: "card", "data-key": task.task_id, "data-state": task.state },
    thumbnail(task),
    h(
      "div",
      { class: "head" },
      h("h2", { class: "small" }, h("code", { title: task.task_id }, shortId(task.task_id))),
      stateChip(task.state),
    ),
    h(
      "p",
      { class: "muted" },
      task.attempts ? plural(task.attempts, "{count} attempt", "{count} attempts") : t("not started"),
      task.submitted_at ? [" · ", when(task.submitted_at)] : null,
      task.motor_id ? [" · ", h("a", { href: `#/motors/${encodeURIComponent(task.motor_id)}` }, t("motor"))] : null,
      " · ",
      h("a", { href: `#/events/image/${encodeURIComponent(task.task_id)}` }, t("history")),
    ),
    task.failure
      ? h("p", { class: "failure" }, h("strong", {}, words(task.failure.code)), " ", task.failure.detail)
      : null,
    h(
      "p",
      { class: "muted" },
      (task.variants ?? []).map((variant) =>
        h("span", { class: "variant" }, `${variant.width} × ${variant.height}, ${bytes(variant.bytes)}`),
      ),
    ),
    h(
      "div",
      { class: "actions" },
      isUnderway ? button(t("Cancel"), act("DELETE", path)) : null,
      task.state === "failed" ? button(t("Retry"), act("POST", `${path}/retry`)) : null,
    ),
  );
}

function nothing(state) {
  if (state)
    return emptyState(t("No picture is in the state: {state}", { state: words(state) }), t("Choose another state to see the others."));
  return emptyState(t("No pictures yet"), t("Drop one above, or send its bytes:"), [
    curl("/v1/images", "-H 'Content-Type: image/jpeg'", "--data-binary @picture.jpg"),
  ]);
}
