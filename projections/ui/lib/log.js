// The log read back from its end, which the API reads forward: in stretches, longer ones where little is found.

import { get, url } from "./api.js";

const PAGE = 1_000;
const STRETCH_MIN = 200;
const STRETCH_MAX = 200_000;
/** So many events are looked for at a time. */
const FOUND_MIN = 50;
const STEPS_MAX = 12;

export async function page(query, signal) {
  return get(url("/v1/events", { limit: PAGE, ...query }), signal);
}

export class Backwards {
  #wanted;
  #stretch = STRETCH_MIN;

  /** From position `end` on, what is `wanted`: a `category`, a `type`. */
  constructor(wanted, end) {
    this.#wanted = wanted;
    this.end = end;
    this.before = end;
  }

  get isAtBeginning() {
    return this.before <= 0;
  }

  /** Some more events, in no order. */
  async next(signal) {
    const found = [];
    for (let step = 0; step < STEPS_MAX && found.length < FOUND_MIN && !this.isAtBeginning; step += 1) {
      const after = Math.max(0, this.before - this.#stretch);
      const { events, next } = await page({ ...this.#wanted, after }, signal);
      if (next < this.before && this.#stretch > PAGE) {
        // More than a page lies in between: nearer to where we are, so that nothing is passed over.
        this.#stretch = Math.max(PAGE, Math.floor(this.#stretch / 10));
        continue;
      }
      found.push(...events.filter((event) => Number(event.sequence) <= this.before));
      this.before = after;
      if (found.length < FOUND_MIN) this.#stretch = Math.min(STRETCH_MAX, this.#stretch * 5);
    }
    return found;
  }
}
