// Elements from calls, and new elements into old places. Data only ever becomes text or attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";
const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit", "ondragover", "ondragleave", "ondrop"];

/** An element: `h("a", {href: "#/"}, "Fleet", …)`. Handlers are properties, so that `render` can renew them. */
export function h(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), props, children);
}

export function icon(name) {
  return s("svg", { class: "icon", "aria-hidden": "true" }, s("use", { href: `/ui/icons.svg#${name}` }));
}

/**
 * Makes `children` the content of `parent`, keeping the elements that are still wanted, so that focus, scrolling and
 * opened details survive a refresh. Elements with the same `data-key` are the same thing; one whose `data-keep`
 * has not changed is left alone.
 */
export function render(parent, ...children) {
  const keyed = new Map(
    [...parent.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]),
  );
  let cursor = parent.firstChild;
  for (const next of nodes(children)) {
    const match = next.dataset?.key ? keyed.get(next.dataset.key) : cursor;
    if (!match || !isSameKind(match, next)) {
      parent.insertBefore(next, cursor);
      continue;
    }
    if (match === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(match, cursor);
    renew(match, next);
  }
  while (cursor) {
    const gone = cursor;
    cursor = cursor.nextSibling;
    gone.remove();
  }
}

function filled(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  const wanted = children.flat(Infinity).filter((child) => child != null && child !== false && child !== "");
  return wanted.map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

function isSameKind(old, next) {
  return old.nodeName === next.nodeName && old.dataset?.key === next.dataset?.key;
}

function renew(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  for (const name of HANDLERS) old[name] = next[name];
  if (next.dataset.keep && old.dataset.keep === next.dataset.keep) return;
  renewAttributes(old, next);
  render(old, ...next.childNodes);
}

function renewAttributes(old, next) {
  for (const { name } of [...old.attributes]) {
    // What the reader has opened stays open.
    if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
