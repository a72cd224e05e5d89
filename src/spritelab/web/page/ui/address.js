// The state of the page in its address: #draw?model=crawl-16&seed=7, so that a link shows the same.

/** The place and its settings: { place, settings: URLSearchParams }. */
export function readAddress() {
  const [place, query = ""] = location.hash.slice(1).split("?");
  return { place: place || "draw", settings: new URLSearchParams(query) };
}

/** Put settings into the address without a new entry in the history; empty ones are left out. */
export function writeAddress(place, settings) {
  const given = Object.entries(settings).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = given.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2C", ",")}`);
  history.replaceState(null, "", `#${place}${query.length ? `?${query.join("&")}` : ""}`);
}
