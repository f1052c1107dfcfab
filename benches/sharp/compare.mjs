// Compares Atalaya and sharp: `node compare.mjs PHOTOS`, a folder of folders made by photos.mjs. Two environment variables name
// programs: OURS (processors/benches/against_sharp.rs, built) and JUDGE (judge/). Others: ROUNDS, TIMES, IN_FLIGHT, and TASKS,
// a comma-separated choice of speed, memory and quality.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const here = import.meta.dirname;
const folder = process.argv[2];
const rounds = Number(process.env.ROUNDS ?? 5);
const cpuSecondsOfARound = Number(process.env.CPU_S ?? 0.8);
const tasks = (process.env.TASKS ?? 'speed,memory,quality').split(',');
const TICKS_PER_S = 100;
const MEMORY_TIMES = 12;

const CONTENDERS = {
  ours: [process.env.OURS, []],
  ordinary: [process.execPath, [path.join(here, 'sharp.mjs'), 'ordinary']],
  expert: [process.execPath, [path.join(here, 'sharp.mjs'), 'expert']],
};

class Contender {
  constructor(name) {
    const [program, words] = CONTENDERS[name];
    this.child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async render(photo, times, keep = '') {
    this.child.stdin.write(`${photo}\t${times}\t${keep}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.child.spawnfile} ended at ${photo}`);
    return value.split('\t').map(Number);
  }

  // Of all threads, as the kernel counts it: in user mode and in its own.
  cpuSeconds() {
    const stat = fs.readFileSync(`/proc/${this.child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  }

  peakMegabytes() {
    const status = fs.readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return (Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) * 1024) / 1e6;
  }

  end() {
    this.child.stdin.end();
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const names = Object.keys(CONTENDERS);
const fixed = (number, digits) => number.toFixed(digits).padStart(7);

const groups = fs.readdirSync(folder).toSorted().map((group) => {
  const photos = fs.readdirSync(path.join(folder, group)).toSorted();
  return { group, photos: photos.map((photo) => path.join(folder, group, photo)) };
});

async function cpuMs(contender, photo, times) {
  const before = contender.cpuSeconds();
  await contender.render(photo, times);
  return ((contender.cpuSeconds() - before) * 1000) / times;
}

// By turns, so that whatever else the machine does strikes all of them.
async function speed(photo, all) {
  const times = {};
  for (const name of names) {
    const ms = await cpuMs(all[name], photo, 6);
    times[name] = Math.max(4, Math.ceil((cpuSecondsOfARound * 1000) / ms));
  }
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) figures[name].push(await cpuMs(all[name], photo, times[name]));
  }
  return Object.fromEntries(names.map((name) => [name, median(figures[name])]));
}

async function compareSpeed() {
  const all = Object.fromEntries(names.map((name) => [name, new Contender(name)]));
  console.log(`| CPU ms an image, medians of ${rounds} | ours | ordinary | expert | ordinary / ours | expert / ours |`);
  console.log('| --- | --: | --: | --: | --: | --: |');
  for (const { group, photos } of groups) {
    for (const photo of photos) {
      const { ours, ordinary, expert } = await speed(photo, all);
      const cells = [fixed(ours, 1), fixed(ordinary, 1), fixed(expert, 1), fixed(ordinary / ours, 2), fixed(expert / ours, 2)];
      console.log(`| ${group}: ${path.parse(photo).name} | ${cells.join(' | ')} |`);
    }
  }
  Object.values(all).forEach((contender) => contender.end());
}

// A fresh process for each group, or the greatest would count for all.
async function compareMemory() {
  console.log('\n| peak memory, MB | ours | ordinary | expert | ours / ordinary | ours / expert |');
  console.log('| --- | --: | --: | --: | --: | --: |');
  for (const { group, photos } of groups) {
    const peaks = {};
    for (const name of names) {
      const contender = new Contender(name);
      for (const photo of photos) await contender.render(photo, MEMORY_TIMES);
      peaks[name] = contender.peakMegabytes();
      contender.end();
    }
    const { ours, ordinary, expert } = peaks;
    const cells = [fixed(ours, 0), fixed(ordinary, 0), fixed(expert, 0), fixed(ours / ordinary, 2), fixed(ours / expert, 2)];
    console.log(`| ${group} | ${cells.join(' | ')} |`);
  }
}

async function compareQuality() {
  console.log('\n| ssimulacra2 and kB, 1024 then 800 | ours | ordinary | expert | least lead |');
  console.log('| --- | --: | --: | --: | --: |');
  for (const { group, photos } of groups) {
    for (const photo of photos) {
      const cells = [];
      const scores = {};
      for (const name of names) {
        const keep = fs.mkdtempSync(path.join(os.tmpdir(), 'variants-'));
        const contender = new Contender(name);
        const bytes = await contender.render(photo, 1, keep);
        contender.end();
        const made = fs.readdirSync(keep).toSorted().map((file) => path.join(keep, file));
        scores[name] = execFileSync(process.env.JUDGE, [photo, ...made]).toString().trim().split('\n').map(Number);
        fs.rmSync(keep, { recursive: true });
        cells.push([0, 1].map((i) => `${scores[name][i].toFixed(2)} (${(bytes[i] / 1000).toFixed(0)})`).join(', '));
      }
      // Of the folder's files, 1024x1024.jpg is before 800x800.jpg.
      const leads = ['ordinary', 'expert'].flatMap((name) => [0, 1].map((i) => scores.ours[i] - scores[name][i]));
      console.log(`| ${group}: ${path.parse(photo).name} | ${cells.join(' | ')} | ${Math.min(...leads).toFixed(2)} |`);
    }
  }
}

if (tasks.includes('speed')) await compareSpeed();
if (tasks.includes('memory')) await compareMemory();
if (tasks.includes('quality')) await compareQuality();
