// What differs between two states, leaf by leaf.

/** Every event changes these. */
const ALWAYS = ["version", "position"];
const ROWS_MAX = 60;

/** Rows of `field`, `before` and `after`, as text; nothing for what is the same. */
export function changes(before, after) {
  const [old, now] = [leaves(before), leaves(after)];
  const fields = [...new Set([...old.keys(), ...now.keys()])].filter((field) => !ALWAYS.includes(field));
  return fields
    .filter((field) => old.get(field) !== now.get(field))
    .slice(0, ROWS_MAX)
    .map((field) => ({ field, before: old.get(field) ?? "–", after: now.get(field) ?? "–" }));
}

function leaves(value, name = "", found = new Map()) {
  if (value !== null && typeof value === "object") {
    for (const [key, part] of Object.entries(value)) leaves(part, name ? `${name}.${label(key, part)}` : key, found);
  } else if (name) {
    found.set(name, String(value));
  }
  return found;
}

/** Measuring points are known by their names, not by their place in the list. */
function label(key, part) {
  return part?.sensor && part.axis ? `${part.sensor} ${part.axis}` : key;
}
