// Pictures and plots by URL, also where a key is needed that an <img> cannot send.

import { Problem, apiKey, request } from "./api.js";
import { h } from "./dom.js";

const BLOBS_MAX = 120;
/** Object URLs of fetched pictures, oldest first; the oldest are given back. */
const blobs = new Map();

/** A picture that never changes: `data-keep` spares it from being loaded again. */
export function picture(url, alt) {
  const img = h("img", { alt, loading: "lazy", decoding: "async", "data-keep": url });
  if (!apiKey.get()) img.src = url;
  else
    blobUrl(url).then(
      (found) => (img.src = found),
      () => {},
    );
  return img;
}

/** Opens what lies at `url` in a tab of its own, with the key if there is one. */
export function opener(url) {
  return async (event) => {
    if (!apiKey.get()) return;
    event.preventDefault();
    const tab = open("", "_blank");
    const found = await blobUrl(url).catch(() => "");
    if (found && tab) tab.location = found;
    else tab?.close();
  };
}

async function blobUrl(url) {
  if (!blobs.has(url)) {
    const response = await request(url);
    blobs.set(url, URL.createObjectURL(await response.blob()));
  }
  if (blobs.size > BLOBS_MAX) {
    const [oldest, objectUrl] = blobs.entries().next().value;
    URL.revokeObjectURL(objectUrl);
    blobs.delete(oldest);
  }
  return blobs.get(url);
}

/** A plot that changes: asked for again on every `show`, swapped only when it did. */
export class Plot {
  #url = "";
  #etag = "";
  #objectUrl = "";

  constructor(alt) {
    this.img = h("img", { class: "plot", alt, "data-keep": alt });
  }

  async show(url, signal) {
    const isNew = url !== this.#url;
    this.#url = url;
    if (isNew && !apiKey.get() && !this.img.src) {
      this.img.src = url;
      return;
    }
    const response = await request(url, { signal, cache: "no-cache", headers: { Accept: "image/svg+xml" } });
    const etag = response.headers.get("ETag") ?? "";
    if (!isNew && etag && etag === this.#etag) return;
    const blob = await response.blob();
    if (url !== this.#url) return;
    if (!blob.type.startsWith("image/svg")) throw new Problem({ title: "This is no plot", detail: blob.type });
    this.#etag = etag;
    this.close();
    this.#objectUrl = URL.createObjectURL(blob);
    this.img.src = this.#objectUrl;
  }

  close() {
    if (this.#objectUrl) URL.revokeObjectURL(this.#objectUrl);
    this.#objectUrl = "";
  }
}
