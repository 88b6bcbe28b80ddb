// What a page lacks for people who use it otherwise than most: a list of sentences. Run in the
// page; it is the body of a function.

const found = [];
const say = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
const all = (css, root = document) => [...root.querySelectorAll(css)];
const isSeen = (element) =>
  element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

// What is read out.
function words(element) {
  if (element.getAttribute("aria-hidden") === "true") return "";
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  if (element.matches("img")) return element.alt;
  return [...element.childNodes]
    .map((node) => node.nodeType === Node.TEXT_NODE ? node.data
      : node.nodeType === Node.ELEMENT_NODE ? words(node) : "")
    .join(" ");
}
function name(element) {
  const by = element.getAttribute("aria-labelledby")?.split(" ") ?? [];
  const labels = [...by.map((id) => document.getElementById(id)), ...(element.labels ?? [])];
  return labels.filter(Boolean).map(words).join(" ").trim() || words(element).trim();
}

// Structure.
if (document.documentElement.lang !== "en") found.push("the page does not say its language");
if (document.title.split(" · ")[0].trim().length < 2) found.push(`a poor title: ${document.title}`);
const count = (css, wanted) => {
  const number = all(css).filter(isSeen).length;
  if (number !== wanted) found.push(`${number} of ${css} where ${wanted} should be`);
};
count("main", 1);
count("h1", 1);
let level = 0;
for (const heading of all("h1, h2, h3, h4, h5, h6").filter(isSeen)) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) say(`a heading of level ${next} after one of level ${level}`, heading);
  if (!name(heading)) say("an empty heading", heading);
  level = next;
}
if (all("nav").filter(isSeen).length > 1) {
  for (const nav of all("nav:not([aria-label], [aria-labelledby])")) say("one of several navs, unnamed", nav);
}
for (const item of all("ul > :not(li), ol > :not(li)")) say("no item of a list", item);
const ids = new Set();
for (const element of all("[id]")) {
  if (ids.has(element.id)) say("an id twice", element);
  ids.add(element.id);
}
for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls"]) {
  for (const element of all(`[${attribute}]`)) {
    for (const id of element.getAttribute(attribute).split(" ")) {
      if (!ids.has(id)) say(`${attribute} of what is not there`, element);
    }
  }
}
for (const element of all("[tabindex]")) {
  if (element.tabIndex > 0) say("an order of its own", element);
}
for (const element of all("[aria-hidden=true], [aria-hidden=true] *")) {
  if (element.tabIndex >= 0 && element.matches("a[href], button, input, select, textarea, [tabindex]")) {
    say("hidden, and yet the focus gets there", element);
  }
}

// Names.
for (const image of all("img:not([alt])")) say("a picture without words", image);
for (const image of all(".slide img, .tile img")) {
  if (!image.alt.trim()) say("a picture of a post without words", image);
}
for (const field of all("input:not([type=hidden]), select, textarea").filter(isSeen)) {
  if (!name(field)) say("a field without a label", field);
}
for (const element of all("a[href], button, summary, [role=button]").filter(isSeen)) {
  if (element.getAttribute("aria-hidden") !== "true" && !name(element)) say("without a name", element);
}
for (const svg of all("svg:not([role=img][aria-label])")) {
  if (!svg.closest("[aria-hidden=true]")) say("a drawing that is neither hidden nor named", svg);
}
const completed = "[name=username], [name=email], [name=fullName], [type=password]";
for (const field of all(completed)) {
  if (!field.autocomplete) say("a field that no browser fills in", field);
}
for (const outer of all("a, button, label")) {
  for (const inner of all("a[href], button", outer)) say("something to press within another", inner);
}

// Colours.
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const known = new Map();
function parts(colour) {
  if (!known.has(colour)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    known.set(colour, [red, green, blue, alpha / 255]);
  }
  return known.get(colour);
}
const over = ([r, g, b, a], [r2, g2, b2]) =>
  [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1];
function light([red, green, blue]) {
  const linear = (part) => part <= 10.31 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
/** The ground that something stands on; none where that is a picture. */
function ground(element) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    if (at !== element && at.matches(".frame, .tile")) return null;
    const style = getComputedStyle(at);
    if (style.backgroundImage !== "none") return null;
    layers.push(parts(style.backgroundColor));
    if (layers.at(-1)[3] === 1) break;
  }
  const base = parts(matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#fff");
  return layers.reduceRight((below, layer) => over(layer, below), base);
}
function weigh(element, colour, what) {
  const below = ground(element);
  if (!below) return;
  let opacity = 1;
  for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  const [red, green, blue, alpha] = parts(colour);
  const lights = [light(over([red, green, blue, alpha * opacity], below)), light(below)].sort((a, b) => b - a);
  const contrast = (lights[0] + 0.05) / (lights[1] + 0.05);
  if (contrast < 4.5) say(`${what} with a contrast of ${contrast.toFixed(2)}`, element);
}
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const weighed = new Set();
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || weighed.has(element) || element.matches(":disabled, option")) continue;
  weighed.add(element);
  if (isSeen(element) && !element.closest(".unseen, .skip")) {
    weigh(element, getComputedStyle(element).color, "text");
  }
}
for (const field of all("input[placeholder], textarea[placeholder]").filter(isSeen)) {
  weigh(field, getComputedStyle(field, "::placeholder").color, "a placeholder");
}
return [...new Set(found)];
