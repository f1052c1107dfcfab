// Pictures on their way in: chosen or dropped, a few at a time, each with its progress.

import { Problem, keyHeaders, url } from "./api.js";
import { h, icon, render } from "./dom.js";
import { bytes, shortId } from "./format.js";
import { t, text } from "./i18n.js";
import { problemBox } from "./parts.js";

const AT_ONCE_MAX = 2;
const FILES_MAX = 100;
const STATES = { waiting: text("waiting"), refused: text("refused") };

/** A place to drop pictures on; `query` goes with each, `onDone` is told of each that was accepted. */
export class Uploader {
  #files = [];
  #underway = 0;

  constructor(query, onDone) {
    this.query = query;
    this.onDone = onDone;
    this.list = h("ul", { class: "uploads", "aria-label": t("Uploads") });
    this.element = this.#zone();
  }

  #zone() {
    const input = h("input", {
      type: "file",
      accept: "image/*",
      multiple: true,
      class: "unseen",
      onchange: () => {
        this.#add(input.files);
        input.value = "";
      },
    });
    const over = (isOver) => (event) => {
      event.preventDefault();
      zone.classList.toggle("over", isOver);
    };
    const zone = h(
      "div",
      {
        class: "drop",
        ondragover: over(true),
        ondragleave: over(false),
        ondrop: (event) => {
          over(false)(event);
          this.#add(event.dataTransfer.files);
        },
      },
      h("label", { class: "button primary" }, icon("upload"), h("span", {}, t("Choose pictures")), input),
      h("span", { class: "muted" }, t("or drop them here")),
    );
    return h(
      "section",
      { "aria-label": t("Upload pictures"), "data-key": "uploader", "data-keep": "uploader" },
      zone,
      this.list,
    );
  }

  #add(files) {
    const free = FILES_MAX - this.#files.filter((file) => file.state !== "done").length;
    for (const file of [...files].slice(0, Math.max(0, free)))
      this.#files.unshift({ file, state: "waiting", share: 0 });
    this.#files.length = Math.min(this.#files.length, FILES_MAX);
    this.#next();
  }

  #next() {
    while (this.#underway < AT_ONCE_MAX) {
      const waiting = this.#files.findLast((file) => file.state === "waiting");
      if (!waiting) break;
      this.#underway += 1;
      waiting.state = "sending";
      this.#send(waiting).finally(() => {
        this.#underway -= 1;
        this.#next();
      });
    }
    this.#draw();
  }

  async #send(entry) {
    try {
      entry.task = await sent(entry.file, this.query, (share) => {
        entry.share = share;
        this.#draw();
      });
      entry.state = "done";
      this.onDone(entry.task);
    } catch (problem) {
      entry.state = "refused";
      entry.problem = problem;
    }
  }

  #draw() {
    render(
      this.list,
      this.#files.slice(0, 20).map((entry) => this.#row(entry)),
    );
  }

  #row({ file, state, share, task, problem }) {
    const percent = Math.round(share * 100);
    return h(
      "li",
      {},
      h("span", { class: "name" }, file.name),
      h("span", { class: "muted" }, bytes(file.size)),
      state === "sending" ? h("progress", { max: 100, value: percent, "aria-label": t("Sending {name}", { name: file.name }) }) : null,
      h(
        "span",
        { class: "muted" },
        state === "sending" && `${percent} %`,
        state === "done" && t("accepted as {id}", { id: shortId(task.task_id) }),
        STATES[state] && t(STATES[state]),
      ),
      problemBox(problem),
    );
  }
}

// fetch does not tell how far a body has come; this one does.
function sent(file, query, onShare) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url("/v1/images", query));
    request.responseType = "json";
    for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.onprogress = (event) => event.lengthComputable && onShare(event.loaded / event.total);
    request.onerror = () => reject(Problem.unreachable());
    request.onload = () => {
      const body = request.response ?? {};
      if (request.status < 300) return resolve(body);
      reject(new Problem({ title: `${request.status} ${request.statusText}`, ...body, status: request.status }));
    };
    request.send(file);
  });
}
