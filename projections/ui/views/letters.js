// What no handler could act on: why, what it was, and what to do about it.

import { get, items, url } from "../lib/api.js";
import { confirmAndPost } from "../lib/confirm.js";
import { h, render } from "../lib/dom.js";
import { shortId, words } from "../lib/format.js";
import { plural, t } from "../lib/i18n.js";
import { emptyState, facts, showMore, when } from "../lib/parts.js";

const PAGES_MAX = 10;

export function open(root, { signal, lookAgain, setTitle }) {
  let pages = 1;
  setTitle(t("Dead letters"));

  async function refresh() {
    const found = [];
    let after;
    for (let page = 0; page < pages; page += 1) {
      const body = await get(url("/v1/admin/dead-letters", { after }), signal);
      found.push(...items(body));
      after = body.next;
      if (!after) break;
    }
    render(
      root,
      h(
        "div",
        { class: "title", "data-key": "title" },
        h("h1", {}, t("Dead letters")),
        h("p", { class: "muted" }, found.length ? plural(found.length, "{count} letter", "{count} letters") : ""),
      ),
      found.length
        ? h("ul", { class: "letters" }, found.map((letter) => row(letter, act)))
        : emptyState(t("No dead letters"), t("Every event has been handled.")),
      after && pages < PAGES_MAX
        ? showMore(() => {
            pages += 1;
            lookAgain();
          })
        : null,
    );
  }

  const act = (request) => confirmAndPost(request).then(lookAgain);

  return { refresh, concerns: () => false };
}

function row(letter, act) {
  const path = `/v1/admin/dead-letters/${encodeURIComponent(letter.id)}`;
  const whose = letter.category === "motor" ? "motor" : "image";
  const button = (text, kind, onclick) =>
    h("button", { type: "button", class: kind, "aria-label": `${text} ${letter.id}`, onclick }, text);
  const replay = () =>
    act({
      question: t("Replay this event?"),
      detail: t("It is handled again now, and what follows in its stream after it."),
      action: t("Replay"),
      path: `${path}/replay`,
    });
  const discard = () =>
    act({
      question: t("Discard this event?"),
      detail: t("This handler will never act on it. The log keeps it."),
      action: t("Discard"),
      path: `${path}/discard`,
    });
  return h(
    "li",
    { class: "panel", "data-key": letter.id },
    h("h2", {}, t("Letter {id}", { id: letter.id }), letter.replay_requested ? ` · ${t("replay asked for")}` : ""),
    h("p", { class: "failure" }, h("strong", {}, letter.reason)),
    facts([
      [t("Handler"), letter.subscription],
      [t("Event"), `${words(letter.category)} ${words(letter.event_type)}`],
      [
        t("Subject"),
        h("a", { href: `#/events/${whose}/${encodeURIComponent(letter.subject)}` }, shortId(letter.subject)),
      ],
      [t("Version"), letter.version],
      [t("Position"), letter.position],
      [t("Attempts"), letter.attempts],
      [t("Parked"), when(letter.parked_at)],
    ]),
    h(
      "details",
      {},
      h("summary", {}, t("What it holds")),
      h(
        "pre",
        { tabindex: "0", "aria-label": t("What it holds") },
        h("code", {}, JSON.stringify(letter.data, null, 2)),
      ),
    ),
    h("div", { class: "actions" }, button(t("Replay"), "primary", replay), button(t("Discard"), "", discard)),
  );
}
