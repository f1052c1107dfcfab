// The events of one motor, newest first: read once, then only what is new.

import { get, items, url } from "./api.js";
import { h } from "./dom.js";
import { eventKind, eventSummary, words } from "./format.js";
import { when } from "./parts.js";

const PAGE = 100;
const PAGES_MAX = 20;
const SHOWN_MAX = 50;

export class History {
  #path;
  #signal;
  #cursor = undefined;
  #events = new Map();

  constructor(path, signal) {
    this.#path = `${path}/history`;
    this.#signal = signal;
  }

  /** The list, after reading on from the last full page. */
  async refresh() {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const body = await get(url(this.#path, { cursor: this.#cursor, limit: PAGE }), this.#signal);
      for (const event of items(body)) this.#events.set(event.id, event);
      // Without a next page this one is still filling, and is read again.
      if (!body.next || items(body).length < PAGE) break;
      this.#cursor = body.next;
    }
    const sorted = [...this.#events.values()].sort((one, next) => next.sequence - one.sequence);
    this.#events = new Map(sorted.slice(0, PAGE * 2).map((event) => [event.id, event]));
    return list(sorted.slice(0, SHOWN_MAX));
  }
}

function list(events) {
  return h(
    "ol",
    { class: "history" },
    events.map((event) => {
      const { name } = eventKind(event.type);
      return h(
        "li",
        { "data-key": event.id, "data-event": name },
        when(event.time),
        h("strong", {}, words(name)),
        h("span", { class: "muted" }, eventSummary(event)),
      );
    }),
  );
}
