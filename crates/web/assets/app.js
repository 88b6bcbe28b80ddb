// What makes the pages livelier. Everything works without it.

import { act } from "./act.js";
import { bind as bindCarousels } from "./carousel.js";
import { watch as watchScroll } from "./scroll.js";
import { listen } from "./live.js";
import { paint } from "./blur.js";

const page = document;
page.documentElement.classList.add("scripted");

act(page);
bindCarousels(page);
paint(page);
watchScroll(page, (added) => {
  for (const element of added) {
    bindCarousels(element);
    paint(element);
  }
  tell();
});
if (page.body.classList.contains("signed-in")) listen(page);
if (page.getElementById("compose")) import("./compose.js").then((compose) => compose.bind(page));

// Beside the feed, where there is room: a few people whom one may know.
const suggested = page.getElementById("suggested");
if (suggested && matchMedia("(min-width: 78rem)").matches) {
  fetch("/people?limit=5", { headers: { Accept: "text/html" } })
    .then((response) => response.ok ? response.text() : "")
    .then((text) => {
      const people = new DOMParser().parseFromString(text, "text/html");
      const few = [...people.querySelectorAll("main .person")];
      for (const person of few) {
        const back = person.querySelector("[name=back]");
        if (back) back.value = location.pathname + location.search;
      }
      suggested.append(...few.map((person) => page.adoptNode(person)));
    })
    .catch(() => {});
}

// Moments grow older while a page is open.
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
function tell() {
  for (const time of page.querySelectorAll("time[datetime]")) {
    if (!/^(now|\d+ (min|h|d))$/.test(time.textContent)) continue;
    const ago = Date.now() - Date.parse(time.dateTime);
    if (ago < MINUTE) time.textContent = "now";
    else if (ago < HOUR) time.textContent = `${Math.floor(ago / MINUTE)} min`;
    else if (ago < DAY) time.textContent = `${Math.floor(ago / HOUR)} h`;
    else if (ago < 7 * DAY) time.textContent = `${Math.floor(ago / DAY)} d`;
  }
}
setInterval(tell, MINUTE);

// A menu closes when one looks elsewhere.
page.addEventListener("click", (event) => {
  for (const menu of page.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
page.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of page.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Enter sends a comment, with Shift it is a new line.
page.getElementById("content")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

if ("serviceWorker" in navigator && window.isSecureContext) {
  navigator.serviceWorker.register("/sw.js").catch(() => {});
}
