// Pictures: turning with buttons and keys, liking with a double tap. Swiping is the browser's own.

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", name === "heart" ? "icon full" : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.assets}/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

function turner(name, label, className, onTurn) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `turn ${className}`;
  button.setAttribute("aria-label", label);
  button.append(icon(name));
  button.addEventListener("click", onTurn);
  return button;
}

function bindCarousel(frame) {
  const slides = frame.querySelector(".slides");
  const count = slides.children.length;
  const at = () => Math.round(slides.scrollLeft / slides.clientWidth);
  const smooth = () => matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const turn = (step) => {
    const to = Math.max(0, Math.min(count - 1, at() + step));
    slides.scrollTo({ left: to * slides.clientWidth, behavior: smooth() });
  };
  const back = turner("left", "Previous picture", "back", () => turn(-1));
  const on = turner("right", "Next picture", "on", () => turn(1));
  const show = () => {
    back.hidden = at() === 0;
    on.hidden = at() === count - 1;
  };
  frame.append(back, on);
  slides.addEventListener("scroll", show, { passive: true });
  slides.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    turn(step);
  });
  show();
}

function like(frame) {
  const post = frame.closest("[data-post]");
  const button = post?.querySelector('[data-toggle="like"]');
  if (!button) return;
  const burst = document.createElement("div");
  burst.className = "burst";
  burst.append(icon("heart"));
  frame.append(burst);
  setTimeout(() => burst.remove(), 800);
  if (button.getAttribute("aria-pressed") !== "true") button.click();
}

/** Twice at about the same place within a third of a second. */
function bindDoubleTap(frame) {
  let last = { time: 0, x: 0, y: 0 };
  frame.addEventListener("pointerup", (event) => {
    if (event.target.closest("button, video")) return;
    const near = Math.hypot(event.clientX - last.x, event.clientY - last.y) < 40;
    if (event.timeStamp - last.time < 350 && near) {
      like(frame);
      last = { time: 0, x: 0, y: 0 };
    } else {
      last = { time: event.timeStamp, x: event.clientX, y: event.clientY };
    }
  });
}

export function bind(root) {
  for (const frame of root.querySelectorAll("[data-frame]")) {
    if (frame.dataset.bound) continue;
    frame.dataset.bound = "true";
    if (frame.classList.contains("carousel")) bindCarousel(frame);
    bindDoubleTap(frame);
  }
}
