// Makes the photos that are compared, out of real ones: by `node photos.mjs FROM TO`.
// Cameras write baseline JPEG of high quality, so that is what most of them are; the originals are taken as they are, too.
import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';

const [from, to] = process.argv.slice(2);
const CAMERA = { quality: 92 };
const PIXELS = { small: 2_500_000, middle: 12_000_000 };
const BEER = 'craft-beer.jpg';
const BOOK = 'book-beside-flowers.jpg';

const photo = (name) => sharp(path.join(from, name));
const write = (image, group, name) => image.toFile(path.join(to, group, `${name}.jpg`));

// The longer side that a photo of these proportions has when it has so many pixels.
async function ofPixels(name, pixels) {
  const { width, height } = await photo(name).metadata();
  const share = Math.sqrt(pixels / (width * height));
  return photo(name).resize(Math.round(width * share), Math.round(height * share));
}

// From the middle, pixel by pixel.
async function cut(name, width, height) {
  const whole = await photo(name).metadata();
  const [left, top] = [(whole.width - width) >> 1, (whole.height - height) >> 1];
  return photo(name).extract({ left, top, width, height });
}

for (const group of ['2.5 MP', '12 MP', '24 MP', 'with a profile']) {
  fs.mkdirSync(path.join(to, group), { recursive: true });
}
await write((await ofPixels(BEER, PIXELS.small)).jpeg(CAMERA), '2.5 MP', 'beer');
await write((await ofPixels(BOOK, PIXELS.small)).jpeg(CAMERA), '2.5 MP', 'book');
await write((await cut(BEER, 1936, 1288)).jpeg(CAMERA), '2.5 MP', 'beer, cut out');
await write((await cut(BOOK, 1288, 1936)).jpeg(CAMERA), '2.5 MP', 'book, cut out');

await write((await ofPixels(BEER, PIXELS.middle)).jpeg(CAMERA), '12 MP', 'beer');
await write(photo(BOOK).jpeg(CAMERA), '12 MP', 'book');
await write(photo(BOOK).jpeg({ ...CAMERA, chromaSubsampling: '4:4:4' }), '12 MP', 'book, 4-4-4');
await write((await cut(BEER, 4240, 2832)).jpeg(CAMERA), '12 MP', 'beer, cut out');

await write(photo(BEER).jpeg(CAMERA), '24 MP', 'beer');
await write(photo(BEER).jpeg({ ...CAMERA, progressive: true }), '24 MP', 'beer, progressive');

for (const name of [BEER, BOOK]) {
  fs.copyFileSync(path.join(from, name), path.join(to, 'with a profile', `${path.parse(name).name}, as it came.jpg`));
}
const p3 = { icc: 'p3' };
await write(photo(BOOK).withIccProfile(p3.icc).jpeg(CAMERA), 'with a profile', 'book, Display P3');
await write(photo(BEER).withIccProfile('srgb').jpeg(CAMERA), 'with a profile', 'beer, sRGB');
await write((await ofPixels(BEER, PIXELS.small)).withIccProfile('srgb').jpeg(CAMERA), 'with a profile', 'small beer, sRGB');
