// Commands that people are asked about first.

import { command } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { problemBox, toast } from "./parts.js";

/** Asks before what cannot be taken back, does it, and says what came of it. */
export async function confirmAndPost({ question, detail, action, path }) {
  if (!(await confirmed(question, detail, action))) return;
  await command("POST", path).then(
    () => toast(h("span", {}, t("{action}: accepted", { action }))),
    (problem) => toast(problemBox(problem), "problem"),
  );
}

/** The answer is a promise. */
function confirmed(question, detail, action) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "question" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "question" }, question),
        h("p", {}, detail),
        h(
          "div",
          { class: "actions" },
          h("button", { value: "" }, t("Cancel")),
          h("button", { class: "primary", value: "yes" }, action),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
