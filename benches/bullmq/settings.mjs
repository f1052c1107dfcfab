// What both processes of the peer know.
import fs from 'node:fs';
import path from 'node:path';

export const QUEUE = 'photos';
export const folder = process.env.PEER_FOLDER;
export const connection = {
  host: '127.0.0.1',
  port: Number(process.env.REDIS_PORT),
  password: process.env.REDIS_PASSWORD || undefined,
  maxRetriesPerRequest: null,
};
export const original = (id) => path.join(folder, `${id}.original`);
export const variant = (id, side) => path.join(folder, `${id}.${side}.jpg`);

fs.mkdirSync(folder, { recursive: true });
