// A new post: previews, order, shape, what each picture shows, and how far the upload is.

import { say } from "./act.js";

const MOST = 10;
const LARGEST = 2160;

export function bind(page) {
  const form = page.getElementById("compose");
  const input = page.getElementById("files");
  const drop = page.getElementById("drop");
  const previews = page.getElementById("previews");
  const crops = page.getElementById("crops");
  const button = page.getElementById("post-button");
  const progress = page.getElementById("progress");
  const altField = page.getElementById("alt-field");
  let items = [];

  function add(files) {
    for (const file of files) {
      if (items.length >= MOST) {
        say(`A post may have at most ${MOST} pictures.`);
        break;
      }
      items.push(itemOf(file));
    }
    // What is chosen is kept here; the field itself would send it a second time.
    input.value = "";
    show();
  }

  function itemOf(file) {
    const isFilm = file.type.startsWith("video/");
    const item = { file, isFilm, id: null };
    item.element = page.createElement("li");
    item.element.className = "preview";
    const shot = page.createElement("div");
    shot.className = "shot";
    const view = page.createElement(isFilm ? "video" : "img");
    view.src = URL.createObjectURL(file);
    if (isFilm) view.muted = true;
    else view.alt = "";
    shot.append(view);
    const side = page.createElement("div");
    const label = page.createElement("label");
    label.textContent = `What ${file.name} shows`;
    item.alt = page.createElement("textarea");
    item.alt.className = "input";
    item.alt.rows = 2;
    item.alt.maxLength = 1000;
    item.alt.placeholder = "What does it show?";
    label.append(item.alt);
    label.className = "field";
    item.bar = page.createElement("progress");
    item.bar.max = 1;
    item.bar.value = 0;
    item.bar.hidden = true;
    item.bar.setAttribute("aria-label", `Upload of ${file.name}`);
    item.wrong = page.createElement("p");
    item.wrong.className = "wrong";
    item.wrong.setAttribute("role", "alert");
    const tools = page.createElement("div");
    tools.className = "tools";
    tools.append(
      tool("left", `Move ${file.name} forward`, () => move(item, -1)),
      tool("right", `Move ${file.name} back`, () => move(item, 1)),
      tool("bin", `Take ${file.name} out`, () => remove(item)),
    );
    side.append(label, item.bar, item.wrong, tools);
    item.element.append(shot, side);
    return item;
  }

  function tool(name, label, onClick) {
    const button = page.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", label);
    const svg = page.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "icon small");
    svg.setAttribute("aria-hidden", "true");
    const use = page.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${page.body.dataset.assets}/icons.svg#${name}`);
    svg.append(use);
    button.append(svg);
    button.addEventListener("click", onClick);
    return button;
  }

  function move(item, step) {
    const from = items.indexOf(item), to = from + step;
    if (to < 0 || to >= items.length) return;
    items.splice(from, 1);
    items.splice(to, 0, item);
    show();
  }

  function remove(item) {
    items = items.filter((other) => other !== item);
    item.element.remove();
    show();
  }

  function show() {
    previews.append(...items.map((item) => item.element));
    altField.hidden = items.length > 0;
    crops.hidden = !items.some((item) => !item.isFilm);
  }

  function shape() {
    const [across, down] = form.elements.shape.value.split(":").map(Number);
    return across && down ? across / down : null;
  }

  /** The middle of a picture in the wanted shape. */
  async function cropped(item) {
    const wanted = shape();
    if (!wanted || item.isFilm || item.file.type === "image/gif") return item.file;
    const picture = await createImageBitmap(item.file, { imageOrientation: "from-image" });
    let width = picture.width, height = picture.height;
    if (width / height > wanted) width = height * wanted;
    else height = width / wanted;
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    const canvas = page.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const [x, y] = [(picture.width - width) / 2, (picture.height - height) / 2];
    canvas.getContext("2d").drawImage(picture, x, y, width, height, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? item.file), "image/jpeg", 0.93));
  }

  function upload(item, blob) {
    const body = new FormData();
    body.append("csrf", form.elements.csrf.value);
    body.append("altText", item.alt.value);
    body.append("file", blob, item.file.name);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", "/new/media");
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) item.bar.value = event.loaded / event.total;
      });
      request.addEventListener("load", () => {
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          // What is no JSON says nothing.
        }
        if (request.status === 201) resolve(answer);
        else reject(new Error(answer.error ?? "It could not be uploaded. Try again."));
      });
      request.addEventListener("error", () => reject(new Error("The connection was lost. Try again.")));
      item.bar.hidden = false;
      request.send(body);
    });
  }

  async function post() {
    button.disabled = true;
    for (const [index, item] of items.entries()) {
      if (item.id) continue;
      progress.textContent = `Uploading ${index + 1} of ${items.length}`;
      item.wrong.textContent = "";
      try {
        item.id = (await upload(item, await cropped(item))).id;
        item.bar.value = 1;
      } catch (error) {
        item.wrong.textContent = error.message;
        item.bar.hidden = true;
        progress.textContent = "";
        button.disabled = false;
        return;
      }
    }
    for (const item of items) {
      const id = page.createElement("input");
      id.type = "hidden";
      id.name = "mediaIds";
      id.value = item.id;
      form.append(id);
    }
    input.disabled = true;
    progress.textContent = "Posting";
    form.submit();
  }

  input.addEventListener("change", () => add(input.files));
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.remove("over");
    });
  }
  drop.addEventListener("drop", (event) => add(event.dataTransfer.files));
  form.addEventListener("submit", (event) => {
    if (items.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    post();
  });
  show();
}
