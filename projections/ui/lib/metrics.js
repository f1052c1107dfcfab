// The numbers of /metrics, by name and labels.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export class Metrics {
  #series = new Map();

  static read(text) {
    const metrics = new Metrics();
    for (const line of text.split("\n")) {
      const [, name, labels = "", value] = line.match(LINE) ?? [];
      if (!name) continue;
      const one = {
        labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label, of]) => [label, of])),
        value: Number(value),
      };
      metrics.#series.set(name, [...metrics.all(name), one]);
    }
    return metrics;
  }

  /** Every series of this name. */
  all(name) {
    return this.#series.get(name) ?? [];
  }

  /** The only one, or the first. */
  value(name) {
    return this.all(name)[0]?.value;
  }

  labels(name) {
    return this.all(name)[0]?.labels ?? {};
  }
}
