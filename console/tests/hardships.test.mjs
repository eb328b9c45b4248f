// What may come: hostile names, large values, narrow windows, a server that goes away.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, Browser, choose, executionHash, Server, state } from './support.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start('--no-quotas'), Browser.open()]);
});
after(() => Promise.all([browser.close(), server.close()]));


test('names and values are text, however they look', async () => {
  const arn = await server.run('bad-input', { '<script>alert(1)</script>': '<img src=x onerror=alert(1)>' });
  const page = await browser.page(server, executionHash(arn));
  page.on('dialog', () => page.faults.push('a dialog was opened'));
  await choose(page, /^<script>/);
  await page.getByRole('region', { name: 'Input' }).getByText('<img src=x onerror=alert(1)>').waitFor();
  await choose(page, /^ünï\/cödé/);
  await page.getByRole('complementary').getByRole('heading', { name: /^ünï\/cödé/ }).waitFor();
  for (const tab of ['Timeline', 'Events', 'Compare', 'Graph']) await page.getByRole('tab', { name: tab }).click();
  await accessible(page);
  await browser.done(page);
});

test('a string of 200 KiB shows its head, 200 levels and long lists are folded or virtual', async () => {
  let deep = 'the bottom';
  for (let level = 0; level < 200; level += 1) deep = { level: deep };
  const arn = await server.run('bad-input', { text: 'y'.repeat(200 * 1024), deep, list: Array.from({ length: 8000 }, (_, index) => index) });
  const page = await browser.page(server, executionHash(arn));
  await page.getByRole('button', { name: 'show all 200 KiB' }).first().click();
  assert.equal((await page.getByRole('dialog').locator('pre').textContent()).length, 200 * 1024);
  await page.keyboard.press('Escape');
  assert(await page.locator('*').count() < 4000, 'too many elements');
  await accessible(page);
  await browser.done(page);
});

for (const width of [375, 2560]) {
  test(`every view at ${width} pixels`, async () => {
    const arn = await server.run('orders', { paid: true, name: 'Ada', items: [{ price: 3 }] });
    const execution = executionHash(arn);
    const page = await browser.page(server, '', { width, height: width === 375 ? 667 : 1440 });
    const views = ['#/', `${execution}`, `${execution}state=%2FStates%2FBoth`, `${execution}tab=timeline`, `${execution}tab=events`, `${execution}tab=compare`, '#/callbacks', '#/notifications', '#/try/jsonpath', '#/try/state', '#/new'];
    for (const view of views) {
      await page.evaluate((hash) => { location.hash = hash; }, view);
      await page.waitForTimeout(300);
      await accessible(page);
    }
    await browser.done(page);
  });
}

test('25,000 events are scrolled at once', async () => {
  const arn = await server.run('many', { items: Array.from({ length: 5000 }, (_, index) => index) });
  const page = await browser.page(server, executionHash(arn, { tab: 'events' }));
  const events = page.getByRole('grid', { name: 'Events' });
  await page.getByText(/^3\d,\d{3} events$/).waitFor();
  await events.focus();
  await page.keyboard.press('End');
  await events.getByText('ExecutionSucceeded').waitFor();
  const slowest = await page.evaluate(async () => {
    const grid = document.querySelector('.events');
    const frames = [];
    let last = performance.now();
    for (let at = 0; at < 60; at += 1) {
      grid.scrollTop = at * 5000;
      await new Promise(requestAnimationFrame);
      frames.push(performance.now() - last);
      last = performance.now();
    }
    return frames.sort((a, b) => a - b)[54];
  });
  assert(slowest < 100, `nine of ten frames take up to ${slowest} ms`);
  await browser.done(page);
});

test('a server that goes away and comes back', { skip: process.env.ASL_CONSOLE_SERVER ? 'the server is given' : false }, async () => {
  const arn = await server.startExecution('waits', {});
  const page = await browser.page(server, executionHash(arn));
  await state(page, 'Long, Wait, running').waitFor();
  await server.end();
  await page.getByRole('alert').getByText(/does not answer/).waitFor();
  await accessible(page);
  await server.again();
  await page.getByRole('alert').waitFor({ state: 'detached', timeout: 20_000 });
  await server.call('StopExecution', { executionArn: arn });
  await state(page, 'Long, Wait, aborted').waitFor();
  assert(page.faults.every((fault) => /ERR_/.test(fault)), page.faults.join('\n'));
  await page.context().close();
});
