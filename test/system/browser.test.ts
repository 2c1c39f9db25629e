// The page of examples/browser in a real Chromium behind a real NAT: it is back and has caught up, with each entry once, after
// its path was cut, its NAT forgot, its server froze, and its machine slept. Runs again inside a private network namespace.
import { setTimeout as delay } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { browserMissing, openBrowser, type Browser } from '../support/browser';
import { connectNat, natMissing, type Nat } from '../support/nat';
import { Output } from '../support/output';
import { inNamespace } from '../support/rerun';

const timeout = 4_000;
const settings = { timeout, connectTimeout: 2_000, reconnectWithin: 300, reconnectWithinAtMost: 1_000 };
const options = { interval: 1_000, settings };
/** Longer than any test: the NAT forgets nothing by itself. */
const never = 600;
/** For a page to be back: these machines are shared. */
const slow = 20_000;
const lists = ['mail', 'chat'] as const;

inNamespace(__filename, () => {
  const missing = browserMissing() ?? natMissing();
  if (missing === undefined) void t.test('a page in Chromium', play);
  else if (process.env['CI'] === undefined) t.plan(0, missing);
  else t.fail(missing);
});

/** A page, and the server that it follows. */
interface Scene {
  readonly t: Test;
  readonly nat: Nat;
  readonly browser: Browser;
  readonly page: Page;
  readonly server: Output;
  readonly push: () => number;
}

async function play(t: Test): Promise<void> {
  const nat = await connectNat(0, never);
  t.teardown(() => nat.close());
  const child = spawn(process.execPath, [require.resolve('./browser/server.js'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const server = new Output(t, child);
  const [port] = await server.lines(/^listening (\d+)/);
  const browser = await openBrowser(t, nat.enter);
  const page = await browser.context.newPage();
  page.on('pageerror', (error) => t.fail(`the page has thrown: ${error.message}`));
  await page.goto(`http://${nat.address}:${port}/`);
  let pushed = 0;
  const push = () => {
    child.stdin.write(`entry ${(pushed += 1)}\n`);
    return pushed;
  };
  const scene = { t, nat, browser, page, server, push };

  await caughtUp(scene, push());
  for (const [name, fault] of Object.entries({ cutPath, forgetfulNat, frozenServer, sleep })) {
    const since = performance.now();
    await fault(scene);
    await caughtUp(scene, push());
    t.comment(`${name}: ${((performance.now() - since) / 1000).toFixed(1)} s in all`);
  }
  const asked = await server.lines(/^after (\d+)/);
  t.equal(asked[0], '0');
  t.ok(new Set(asked).size >= 4, `it went on from where it was: ${asked.join(' ')}`);
  await online(scene);
}

const read = (page: Page, list: string) => page.locator(`#${list} li`).allTextContents();

/** Waits until the page shows all that was pushed: each entry once, in order. */
async function caughtUp({ t, page }: Scene, last: number): Promise<void> {
  for (const list of lists) {
    await page.locator(`#${list} li`, { hasText: `${last} entry ${last}` }).waitFor({ timeout: slow });
    const entries = Array.from({ length: last }, (_, index) => `${index + 1} entry ${index + 1}`);
    t.strictSame(await read(page, list), entries, `${list}: all ${last}, each once`);
    t.equal(await page.locator(`#${list}-state`).textContent(), 'open', `${list}: open`);
  }
}

/** Waits until both connections have said something again since so many changes. */
async function said({ t, page }: Scene, state: string, changes: number): Promise<void> {
  for (const list of lists) {
    const deadline = performance.now() + slow;
    const isSaid = async () =>
      (await read(page, 'changes')).slice(changes).some((line) => line.endsWith(`${list}: ${state}`));
    while (!(await isSaid()) && performance.now() < deadline) await delay(100);
    t.ok(await isSaid(), `${list}: ${state}`);
  }
}

const changesOf = async ({ page }: Scene) => (await read(page, 'changes')).length;

async function cutPath(scene: Scene): Promise<void> {
  const changes = await changesOf(scene);
  scene.nat.cut();
  scene.push();
  await said(scene, 'silent', changes);
  await said(scene, 'reconnecting', changes);
  scene.push();
  scene.nat.mend();
}

async function forgetfulNat(scene: Scene): Promise<void> {
  const { nat, browser, server, push } = scene;
  const changes = await changesOf(scene);
  nat.forgetAfter(1);
  await delay(options.interval * 1.5); // it counts from the next packet
  server.child.kill('SIGSTOP');
  browser.signal('SIGSTOP');
  await delay(timeout / 2); // nothing passes for longer than it remembers
  nat.forgetAfter(never);
  browser.signal('SIGCONT');
  server.child.kill('SIGCONT');
  push();
  await said(scene, 'silent', changes);
}

async function frozenServer(scene: Scene): Promise<void> {
  const changes = await changesOf(scene);
  scene.server.child.kill('SIGSTOP');
  scene.push();
  await said(scene, 'silent', changes);
  await delay(settings.connectTimeout); // its kernel takes connections meanwhile
  scene.server.child.kill('SIGCONT');
}

/** The network is gone while the machine sleeps, and is there when it wakes up. */
async function sleep(scene: Scene): Promise<void> {
  scene.nat.cut();
  scene.browser.signal('SIGSTOP');
  scene.push();
  await delay(1.5 * timeout);
  scene.nat.mend();
  const since = performance.now();
  scene.browser.signal('SIGCONT');
  await caughtUp(scene, scene.push());
  const took = performance.now() - since;
  scene.t.ok(took < timeout, `back ${Math.round(took)} ms after it woke up: it did not wait for another timeout`);
}

/** A page that would wait for minutes: the event of the browser brings it back. */
async function online({ t, nat, browser, page, push }: Scene): Promise<void> {
  const patient = { ...options.settings, reconnectWithin: 600_000, reconnectWithinAtMost: 600_000 };
  await page.route('**/settings', (route) => route.fulfill({ json: { ...options, ...patient } }));
  await page.reload();
  await page.locator('#mail-state[data-state=open]').waitFor({ timeout: slow });
  nat.cut();
  await browser.context.setOffline(true);
  await page.locator('#mail-state[data-state=reconnecting]').waitFor({ timeout: slow });
  const last = push();
  nat.mend();
  await browser.context.setOffline(false);
  await page.locator('#mail li', { hasText: `${last} entry ${last}` }).waitFor({ timeout: slow });
  t.equal((await read(page, 'mail')).length, last, 'the machine is online again: mail is back at once');
}
