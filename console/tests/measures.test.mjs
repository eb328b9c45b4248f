// How fast the page is: figures tell it. Limits of time hold with `ASL_CONSOLE_LIMITS` alone, as a machine that others load has none.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, executionHash, machine, Server, state } from './support.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start('--no-quotas'), Browser.open()]);
});
after(() => Promise.all([browser.close(), server.close()]));

/** What has to be true of a machine that does nothing else. */
const limit = (holds, message) => assert(!process.env.ASL_CONSOLE_LIMITS || holds, message);

/** How long work takes, in milliseconds. */
async function timed(work) {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

/** How long frames take while an element is scrolled to its end, without and with the slowest tenth. */
const scrolled = (page, selector) =>
  page.evaluate(async (chosen) => {
    const element = document.querySelector(chosen);
    const frames = [];
    let last = performance.now();
    for (let at = 0; at < 120; at += 1) {
      element.scrollTop = (element.scrollHeight * at) / 120;
      await new Promise(requestAnimationFrame);
      frames.push(performance.now() - last);
      last = performance.now();
    }
    frames.sort((a, b) => a - b);
    return { median: Math.round(frames[60]), most: Math.round(frames[107]) };
  }, selector);

/** What the page holds on to, in MB. */
async function memory(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  return Math.round((await session.send('Runtime.getHeapUsage')).usedSize / 1e6);
}

test('a running execution is seen at once, and what happens a moment later', async (t) => {
  const arn = await server.startExecution('waits', {});
  let page;
  const first = await timed(async () => {
    page = await browser.page(server, executionHash(arn));
    await state(page, /^Short, Wait/).waitFor();
  });
  await state(page, 'Long, Wait, running').waitFor();
  // The clock of the page is that of the server.
  await page.evaluate(() => {
    window.seen = new Promise((resolve) => {
      const shown = () =>
        [...document.querySelectorAll('.box')].some((box) =>
          /^Long, Wait, aborted/.test(box.getAttribute('aria-label')),
        );
      new MutationObserver(() => shown() && resolve(Date.now())).observe(document.body, {
        subtree: true,
        childList: true,
        attributes: true,
      });
    });
  });
  await server.call('StopExecution', { executionArn: arn });
  const seen = await page.evaluate(() => window.seen);
  const { stopDate } = await server.ended(arn);
  const later = Math.round(seen - stopDate * 1000);
  t.diagnostic(`figure first picture of a running execution after ${first} ms, with the browser's page`);
  t.diagnostic(`figure an event is seen in the graph ${later} ms after it happened`);
  limit(first < 4000 && later < 2000, `${first} ms, ${later} ms`);
  await browser.done(page);
});

test('a history of more than 25,000 events and a Map of 10,000 items', async (t) => {
  const arn = await server.run('many', { items: Array.from({ length: 10_000 }, (_, index) => index) });
  let page;
  const opened = await timed(async () => {
    page = await browser.page(server, executionHash(arn, { tab: 'events' }));
    await page.getByText('60,006 events', { exact: true }).waitFor();
  });
  const events = await scrolled(page, '.events');
  const wholeCourse = await timed(async () => {
    await page.getByRole('tab', { name: 'Graph' }).click();
    await state(page, /^Fine, Pass, succeeded, 9,999 visits/).waitFor();
  });
  await page.goto(`${server.url}/${executionHash(arn, { state: '/States/Each', part: 'iterations' })}`);
  await page.getByText('10,000 iterations').waitFor();
  const iterations = await scrolled(page, '.picked');
  const held = await memory(page);
  t.diagnostic(`figure 60,006 events opened in ${opened} ms, the graph of them ${wholeCourse} ms later`);
  t.diagnostic(
    `figure scrolling: events ${events.median} ms a frame (nine of ten at most ${events.most}), iterations ${iterations.median} ms (${iterations.most})`,
  );
  t.diagnostic(`figure the page holds ${held} MB with them`);
  limit(events.median < 100 && iterations.median < 100, 'scrolling is slow');
  assert(held < 150, `${held} MB`);
  await browser.done(page);
});

test('a graph of 300 states', async (t) => {
  const name = `large-${Date.now()}`;
  const states = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [
      `State ${index}`,
      index % 10 === 9 && index < 290
        ? {
            Type: 'Choice',
            Choices: [{ Variable: '$.a', IsPresent: true, Next: `State ${index + 5}` }],
            Default: `State ${index + 1}`,
          }
        : { Type: 'Pass', ...(index === 299 ? { End: true } : { Next: `State ${index + 1}` }) },
    ]),
  );
  await server.call('CreateStateMachine', {
    name,
    roleArn: 'arn:aws:iam::000000000000:role/any',
    definition: JSON.stringify({ StartAt: 'State 0', States: states }),
  });
  const arn = await server.run(name, {});
  let page;
  const drawn = await timed(async () => {
    page = await browser.page(server, executionHash(arn));
    await state(page, 'State 299, Pass, succeeded').waitFor();
  });
  const asked = await timed(() =>
    fetch(`${server.url}/_asl/graph?stateMachineArn=${encodeURIComponent(machine(name))}`).then((answer) =>
      answer.text(),
    ),
  );
  t.diagnostic(`figure a graph of 300 states laid out in ${asked} ms, drawn with the page in ${drawn} ms`);
  limit(drawn < 8000, `${drawn} ms`);
  await browser.done(page);
});
