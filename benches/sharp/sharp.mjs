// The side of sharp: `node sharp.mjs ordinary` or `node sharp.mjs expert`. What it reads and writes is what
// processors/benches/against_sharp.rs reads and writes.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import sharp from 'sharp';

const SIDES = [1024, 800];
const JPEG = { quality: 80 };
const inFlight = Number(process.env.IN_FLIGHT ?? 2);

const fit = (image, side) => image.resize(side, side, { fit: 'inside', withoutEnlargement: true });

// A pipeline for each variant, as the documentation shows it.
const ordinary = (photo) =>
  Promise.all(SIDES.map((side) => fit(sharp(photo).autoOrient(), side).jpeg(JPEG).toBuffer()));

// The photo is decoded once; the greater variant is encoded and made smaller from raw pixels.
async function expert(photo) {
  const [greater, smaller] = SIDES;
  const { data, info } = await fit(sharp(photo).autoOrient(), greater)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
  return Promise.all([
    sharp(data, raw).jpeg(JPEG).toBuffer(),
    fit(sharp(data, raw), smaller).jpeg(JPEG).toBuffer(),
  ]);
}

const render = { ordinary, expert }[process.argv[2]];

async function rendered(photo, times) {
  let begun = 0;
  let last = [];
  const work = async () => {
    while (begun++ < times) last = await render(photo);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return last;
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, times, folder] = line.split('\t');
  const variants = await rendered(fs.readFileSync(name), Number(times ?? 1));
  if (folder) {
    variants.forEach((variant, i) => {
      fs.writeFileSync(path.join(folder, `${SIDES[i]}x${SIDES[i]}.jpg`), variant);
    });
  }
  process.stdout.write(`${variants.map((variant) => variant.length).join('\t')}\n`);
}
