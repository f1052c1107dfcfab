// The web process: a photo is written to a file and queued, and its end is told by event stream or to who asks.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import express from 'express';
import { Queue, QueueEvents } from 'bullmq';
import { QUEUE, connection, original } from './settings.mjs';

const BODY_LIMIT = '25mb';
const queue = new Queue(QUEUE, { connection });
const events = new QueueEvents(QUEUE, { connection });
events.setMaxListeners(0);
await events.waitUntilReady();

const app = express();
app.post('/v1/images', express.raw({ type: () => true, limit: BODY_LIMIT }), async (request, response) => {
  const id = randomUUID();
  await fs.writeFile(original(id), request.body);
  await queue.add('resize', { id }, { jobId: id, attempts: 3 });
  response.status(202).location(`/v1/images/${id}`).json({ task_id: id });
});
app.get('/v1/images/:id', async (request, response) => {
  const job = await queue.getJob(request.params.id);
  if (!job) return response.sendStatus(404);
  return response.json({ state: await job.getState() });
});
app.get('/v1/images/:id/events', async (request, response) => {
  response.type('text/event-stream').flushHeaders();
  const end = () => response.end('data: {"type":"atalaya.image.completed"}\n\n');
  const listener = ({ jobId }) => jobId === request.params.id && end();
  events.on('completed', listener);
  response.on('close', () => events.off('completed', listener));
  const job = await queue.getJob(request.params.id);
  if (job && (await job.isCompleted())) end();
});
const server = app.listen(Number(process.env.PEER_PORT), '127.0.0.1', () => console.log('web is ready'));
process.on('SIGTERM', () => server.close(() => process.exit(0)) && server.closeAllConnections());
