// One picture after the other, large, over the page.

import { h, icon, render } from "./dom.js";
import { bytes, shortId } from "./format.js";
import { t } from "./i18n.js";
import { opener, picture } from "./picture.js";

/** A handler that shows `task`, and by the arrows the pictures around it on the page. */
export function show(task, large) {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const from = event.currentTarget;
    open(from, task, large);
  };
}

function open(from, task, large) {
  const dialog = h("dialog", { class: "gallery", "aria-label": t("Picture {id}", { id: shortId(task.task_id) }) });
  const beside = (step) => {
    const all = [...document.querySelectorAll("main a.thumb")];
    return all[all.indexOf(from) + step];
  };
  const go = (step) => {
    const next = beside(step);
    if (!next) return;
    dialog.close();
    next.click();
  };
  const arrow = (step, name, label) =>
    h("button", { type: "button", disabled: !beside(step), "aria-label": label, onclick: () => go(step) }, icon(name));
  const original = `/v1/images/${encodeURIComponent(task.task_id)}/original`;
  const biggest = (task.variants ?? []).toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  render(
    dialog,
    h("div", { class: "stage" }, picture(large, t("Picture {id}", { id: shortId(task.task_id) }))),
    h(
      "div",
      { class: "actions" },
      arrow(-1, "left", t("The one before")),
      arrow(1, "right", t("The next one")),
      h("span", { class: "muted" }, biggest ? `${biggest.width} × ${biggest.height}, ${bytes(biggest.bytes)}` : ""),
      h("a", { href: original, target: "_blank", rel: "noopener", onclick: opener(original) }, t("Original")),
      h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("Close")),
    ),
  );
  dialog.onkeydown = (event) => {
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  };
  dialog.addEventListener("close", () => {
    dialog.remove();
    from.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
