// The API as this page uses it: JSON in and out, problems as exceptions, the key in every request.

import { t } from "./i18n.js";

const KEY = "atalaya.api_key";

export const apiKey = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

/** What went wrong, as the server told it (RFC 9457) or as we had to guess. */
export class Problem extends Error {
  constructor({ title, detail, status, errors } = {}) {
    super(title || t("Something went wrong"));
    this.detail = detail || "";
    this.status = status || 0;
    this.errors = Array.isArray(errors) ? errors : [];
  }

  static async from(response) {
    const told = await response.json().catch(() => ({}));
    return new Problem({ title: `${response.status} ${response.statusText}`, ...told, status: response.status });
  }

  static unreachable() {
    return new Problem({
      title: t("Atalaya cannot be reached"),
      detail: t("The page keeps trying; what you see may be old."),
    });
  }
}

export function keyHeaders() {
  const key = apiKey.get();
  return key ? { "X-API-Key": key } : {};
}

/** The response of a request that succeeded; anything else is thrown as a `Problem`. */
export async function request(path, { headers, ...options } = {}) {
  const response = await fetch(path, { ...options, headers: { ...keyHeaders(), ...headers } }).catch((error) => {
    throw error.name === "AbortError" ? error : Problem.unreachable();
  });
  if (response.ok) return response;
  if (response.status === 401) dispatchEvent(new Event("key-wanted"));
  throw await Problem.from(response);
}

export async function get(path, signal) {
  const response = await request(path, { signal, headers: { Accept: "application/json" } });
  return response.json();
}

/** A command. The key makes a second press of an impatient finger the same command. */
export async function command(method, path) {
  const response = await request(path, { method, headers: { "Idempotency-Key": newId() } });
  return response.status === 204 ? {} : response.json().catch(() => ({}));
}

/** A path with a query, without what is not asked for. */
export function url(path, query = {}) {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return asked.length ? `${path}?${new URLSearchParams(asked)}` : path;
}

/** Lists come bare or as `{items, next}`. */
export function items(body) {
  return Array.isArray(body) ? body : (body.items ?? body.events ?? []);
}

// randomUUID is missing where the page came over plain HTTP from another machine.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
