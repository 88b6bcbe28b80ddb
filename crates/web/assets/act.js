// Likes, saves, follows and the like without a new page: the same forms, sent by a script.

/** Says something at the bottom of the page for a while. */
export function say(text) {
  document.querySelector(".flash")?.remove();
  const flash = document.createElement("p");
  flash.className = "flash";
  flash.setAttribute("role", "status");
  flash.textContent = text;
  document.getElementById("main").prepend(flash);
}

/** Sends `form` to `address` and answers the JSON; throws a sentence for people. */
export async function send(form, address) {
  const response = await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  }).catch(() => null);
  if (!response) throw new Error("Tintype cannot be reached. Try again in a moment.");
  if (response.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? "That did not work. Try again.");
  return answer;
}

function press(button, isPressed) {
  button.setAttribute("aria-pressed", String(isPressed));
}

// While one is on its way, the next waits: the last press counts.
const busy = new WeakSet();

async function toggle(form, button) {
  if (busy.has(button)) return;
  busy.add(button);
  const was = button.getAttribute("aria-pressed") === "true";
  const verb = button.dataset.toggle === "save" ? "save" : "like";
  const address = button.getAttribute("formaction") ?? form.getAttribute("action");
  const base = address.replace(/\/(un)?(like|save)$/, "");
  press(button, !was);
  try {
    const answer = await send(form, `${base}/${was ? "un" : ""}${verb}`);
    const action = `${base}/${was ? "" : "un"}${verb}`;
    if (button.hasAttribute("formaction")) button.setAttribute("formaction", action);
    else form.setAttribute("action", action);
    if (verb === "like") showLikes(form, button, answer);
  } catch (error) {
    press(button, was);
    say(error.message);
  } finally {
    busy.delete(button);
  }
}

function showLikes(form, button, answer) {
  const count = button.dataset.toggle === "comment-like"
    ? form.closest(".comment")?.querySelector("[data-comment-likes]")
    : form.closest("[data-post]")?.querySelector("[data-likes]");
  if (!count) return;
  count.textContent = answer.label;
  count.hidden = answer.likes_count === 0;
}

async function follow(form, button) {
  if (busy.has(button)) return;
  busy.add(button);
  try {
    const answer = await send(form, form.action);
    const isFree = answer.status === "not_following";
    button.dataset.follow = answer.status;
    button.classList.toggle("quiet", !isFree);
    button.querySelector("span").firstChild.textContent = answer.label;
    form.setAttribute("action", form.getAttribute("action").replace(/[^/]+$/, isFree ? "follow" : "unfollow"));
    const count = document.getElementById("followers-count");
    if (count && form.closest(".profile")) count.textContent = answer.followers_count.toLocaleString("en");
  } catch (error) {
    say(error.message);
  } finally {
    busy.delete(button);
  }
}

async function drop(form, item, text) {
  try {
    await send(form, form.action);
    item.remove();
    say(text);
  } catch (error) {
    say(error.message);
  }
}

async function share(link) {
  const url = new URL(link.href);
  url.hash = "";
  try {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      await navigator.share({ url: url.href });
    } else {
      await navigator.clipboard.writeText(url.href);
      say("The link is copied.");
    }
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url.href);
  }
}

export function act(page) {
  page.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!button || event.defaultPrevented) return;
    if (button.dataset.toggle) {
      event.preventDefault();
      toggle(form, button);
    } else if (button.dataset.follow && button.dataset.follow !== "blocking") {
      event.preventDefault();
      follow(form, button);
    } else if ("deleteComment" in button.dataset) {
      event.preventDefault();
      drop(form, form.closest(".comment"), "The comment is deleted.");
    } else if ("decide" in button.dataset) {
      event.preventDefault();
      const isAccepted = form.action.endsWith("/accept");
      drop(form, form.closest(".person"), isAccepted ? "They follow you now." : "The request is gone.");
    } else {
      // Pressed twice, a form is sent once.
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "true";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
  });
  page.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-share]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    share(link);
  });
}
