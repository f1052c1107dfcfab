// The worker process: five photos at a time, a sharp pipeline for each variant.
import fs from 'node:fs/promises';
import sharp from 'sharp';
import { Worker } from 'bullmq';
import { QUEUE, connection, original, variant } from './settings.mjs';

const SIDES = [1024, 800];
const resized = (photo, side) =>
  sharp(photo).autoOrient().resize(side, side, { fit: 'inside', withoutEnlargement: true }).jpeg({ quality: 80 }).toBuffer();

async function resize({ data: { id } }) {
  const photo = await fs.readFile(original(id));
  await Promise.all(SIDES.map(async (side) => fs.writeFile(variant(id, side), await resized(photo, side))));
}
const worker = new Worker(QUEUE, resize, { connection, concurrency: 5 });
await worker.waitUntilReady();
console.log('worker is ready');
process.on('SIGTERM', async () => { await worker.close(); process.exit(0); });
