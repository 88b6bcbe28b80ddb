// A BlurHash in the place of a picture that has not come yet. See https://blurha.sh.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
const SIDE = 24;

const number = (text) => [...text].reduce((value, digit) => value * 83 + DIGITS.indexOf(digit), 0);
const linear = (value) => value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
const screen = (value) => {
  const bounded = Math.max(0, Math.min(1, value));
  const shown = bounded <= 0.0031308 ? bounded * 12.92 : 1.055 * bounded ** (1 / 2.4) - 0.055;
  return Math.round(shown * 255);
};
const square = (value) => Math.sign(value) * value * value;

/** The pixels of a hash, SIDE by SIDE; null for what is none. */
export function decode(hash) {
  if (!hash || hash.length < 6) return null;
  const size = number(hash[0]);
  const across = size % 9 + 1, down = Math.floor(size / 9) + 1;
  if (hash.length !== 4 + 2 * across * down) return null;
  const most = (number(hash[1]) + 1) / 166;
  const average = number(hash.slice(2, 6));
  const parts = [[linear(average >> 16), linear(average >> 8 & 255), linear(average & 255)]];
  for (let index = 1; index < across * down; index += 1) {
    const value = number(hash.slice(4 + index * 2, 6 + index * 2));
    parts.push([Math.floor(value / 361), Math.floor(value / 19) % 19, value % 19]
      .map((part) => square((part - 9) / 9) * most));
  }
  const pixels = new ImageData(SIDE, SIDE);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const sum = [0, 0, 0];
      for (let j = 0; j < down; j += 1) {
        for (let i = 0; i < across; i += 1) {
          const basis = Math.cos(Math.PI * x * i / SIDE) * Math.cos(Math.PI * y * j / SIDE);
          for (let c = 0; c < 3; c += 1) sum[c] += parts[i + j * across][c] * basis;
        }
      }
      pixels.data.set([...sum.map(screen), 255], 4 * (x + y * SIDE));
    }
  }
  return pixels;
}

export function paint(root) {
  for (const slide of root.querySelectorAll("[data-blurhash]")) {
    const image = slide.querySelector("img");
    if (!image || image.complete || slide.querySelector("canvas")) continue;
    const pixels = decode(slide.dataset.blurhash);
    if (!pixels) continue;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    canvas.setAttribute("aria-hidden", "true");
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    image.before(canvas);
    image.addEventListener("load", () => canvas.remove(), { once: true });
  }
}
