// The live tail of the log: one stream for the whole page, resumed where it broke.

import { apiKey, keyHeaders, url } from "./api.js";

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

/** Follows the log after a position until stopped; `onState` hears "live" or "reconnecting". */
export class Live {
  #position = 0;
  #attempt = 0;
  #timer = 0;
  #close = () => {};

  constructor({ onEvent, onState }) {
    this.onEvent = onEvent;
    this.onState = onState;
  }

  start(position) {
    this.stop();
    this.#position = position;
    this.#open();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#close();
    this.#close = () => {};
  }

  #open() {
    const path = url("/v1/events", { after: this.#position });
    // EventSource cannot send a header, so a key needs a stream read by hand.
    this.#close = apiKey.get() ? this.#stream(path) : this.#source(path);
  }

  #source(path) {
    const source = new EventSource(path);
    source.onopen = () => this.#opened();
    source.onmessage = (message) => this.#received(message.lastEventId, message.data);
    source.onerror = () => {
      source.close();
      this.#again();
    };
    return () => source.close();
  }

  #stream(path) {
    const abort = new AbortController();
    this.#read(path, abort.signal)
      .catch(() => {})
      .then(() => abort.signal.aborted || this.#again());
    return () => abort.abort();
  }

  async #read(path, signal) {
    const headers = { ...keyHeaders(), Accept: "text/event-stream" };
    const response = await fetch(path, { headers, signal });
    if (!response.ok) return;
    this.#opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let pending = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const messages = (pending + part.value.replaceAll("\r", "")).split("\n\n");
      pending = messages.pop();
      for (const message of messages) this.#parsed(message);
    }
  }

  #parsed(message) {
    const field = (name) =>
      message
        .split("\n")
        .filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
    const data = field("data").join("\n");
    if (data) this.#received(field("id").at(-1), data);
  }

  #received(id, data) {
    const position = Number(id);
    if (position > this.#position) this.#position = position;
    try {
      this.onEvent(JSON.parse(data));
    } catch (error) {
      console.error("an event could not be shown", error);
    }
  }

  #opened() {
    this.#attempt = 0;
    this.onState("live");
  }

  #again() {
    this.stop();
    this.onState("reconnecting");
    const wait_ms = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#attempt++);
    this.#timer = setTimeout(() => this.#open(), wait_ms * (0.5 + Math.random() / 2));
  }
}
