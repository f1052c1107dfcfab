// The page in its reader's language. English texts are the keys; every other language says each in its own words.

import { es } from "../lang/es.js";

const KEY = "atalaya.language";
const WORDS = { es };

export const LANGUAGES = [
  ["en", "English"],
  ["es", "Español"],
];

/** Texts that nobody has translated yet; a test looks that there are none. */
const untold = new Set();
let current = chosen() ?? preferred();

/** `en` or `es`. */
export function language() {
  return current;
}

export function speak(wanted) {
  current = known(wanted) ? wanted : "en";
  localStorage.setItem(KEY, current);
}

/** A text in the reader's language, with `{names}` filled in. */
export function t(text, values = {}) {
  return told(text).replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A text for one, and another for any other number; both have `{count}`. */
export function plural(count, one, many, values = {}) {
  return t(count === 1 ? one : many, { count, ...values });
}

/** Names a text that is told later, so that the test which looks for translations finds it. */
export function text(english) {
  return english;
}

function told(english) {
  if (current === "en") return english;
  const found = WORDS[current][english];
  if (found !== undefined) return found;
  untold.add(english);
  document.documentElement.dataset.untold = [...untold].join(" | ");
  return english;
}

function chosen() {
  const kept = localStorage.getItem(KEY);
  return known(kept) ? kept : undefined;
}

function preferred() {
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(known) ?? "en";
}

function known(tag) {
  return LANGUAGES.some(([name]) => name === tag);
}
