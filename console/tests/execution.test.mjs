// See and understand an execution: the graph live, iterations, the data flow, child executions, time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, Browser, choose, executionHash, Server, state } from './support.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start('--no-quotas'), Browser.open()]);
});
after(() => Promise.all([browser.close(), server.close()]));

const panelOf = (page) => page.getByRole('complementary', { name: 'State' });

test('a running execution is seen as it goes: what waits, and for how long', async () => {
  const arn = await server.startExecution('waits', {});
  const page = await browser.page(server, executionHash(arn));
  await state(page, 'Short, Wait, succeeded').waitFor();
  await state(page, 'Long, Wait, running').waitFor();
  await page
    .locator('.graph .mark')
    .filter({ hasText: /waits, \d+ min( \d+ s)? left/ })
    .waitFor();
  await accessible(page);
  await server.call('StopExecution', { executionArn: arn });
  await state(page, 'Long, Wait, aborted').waitFor();
  await browser.done(page);
});

test('nested Parallel and Map states, a caught error, and the keyboard', async () => {
  const arn = await server.run('orders', { paid: true, name: 'Bob', items: [{ price: 3 }, { sku: 'x' }] });
  const page = await browser.page(server, executionHash(arn));
  await state(page, 'Bad, Fail, failed').waitFor();
  await state(page, 'Both, Parallel, error caught').waitFor();
  assert.equal(await page.locator('.arrow.catch.taken').count(), 1);

  await state(page, /^Is it paid\?/).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const panel = panelOf(page);
  await panel.getByRole('heading', { name: 'Pack' }).waitFor();
  await accessible(page);

  // An iteration is found by what it was given.
  await choose(page, /^Bill, Map/);
  await panel.getByRole('tab', { name: 'Iterations' }).click();
  await panel.getByLabel('Index or text').fill('SKU');
  await panel.getByText('1 of 2 iterations').waitFor();
  await choose(page, /^Pack, Pass/);
  await panel.getByRole('tab', { name: 'Data flow' }).click();

  // Reload, back and forward keep what was chosen.
  await panel.getByRole('tab', { name: 'Definition' }).click();
  await page.reload();
  await panel.getByRole('heading', { name: 'Pack' }).waitFor();
  assert.equal(await panel.getByRole('tab', { name: 'Definition' }).getAttribute('aria-selected'), 'true');
  await page.goBack();
  await panel.getByRole('tab', { name: 'Data flow', selected: true }).waitFor();

  // What changed is told by colour and sign, with the expression and its place.
  const parameters = panel.getByRole('region', { name: 'Parameters' });
  await parameters.getByText(/States\.Format/).waitFor();
  assert.match(await parameters.textContent(), /\d+:\d+/);
  const result = panel.getByRole('region', { name: 'ResultPath' });
  assert.match(await result.locator('.json-line.added').first().textContent(), /\+.*pack/);
  await browser.done(page);
});

test('one of 10,000 iterations is picked without drawing them', async () => {
  const arn = await server.run('many', { items: Array.from({ length: 10_000 }, (_, index) => index) });
  const page = await browser.page(server, executionHash(arn));
  await state(page, /^Fine, Pass, succeeded, 9,999 visits/).waitFor();
  await choose(page, /^Each, Map/);
  const panel = panelOf(page);
  await panel.getByRole('tab', { name: 'Iterations' }).click();
  await panel.getByText('10,000 iterations').waitFor();
  await panel.getByLabel('Index or text').fill('7777');
  await panel.getByText('1 of 10,000 iterations').waitFor();
  await panel.getByRole('listbox', { name: 'Iterations' }).getByRole('option').first().click();
  await state(page, 'Unlucky, Pass, succeeded').waitFor();
  await state(page, 'Fine, Pass, not reached').waitFor();
  await page.getByRole('button', { name: 'Next iteration' }).click();
  await state(page, 'Fine, Pass, succeeded').waitFor();
  await accessible(page);
  assert((await page.locator('*').count()) < 3000, 'too many elements');

  // Scrolling through all visits of a state.
  await page.getByRole('button', { name: 'Show all iterations' }).click();
  await choose(page, /^Fine/);
  await panel.getByText(/of 9,999/).waitFor();
  await panel.getByRole('button', { name: 'All visits' }).click();
  await panel.getByRole('listbox', { name: 'Visits' }).focus();
  await page.keyboard.press('End');
  await panel
    .getByRole('listbox', { name: 'Visits' })
    .getByText(/9999|9998/)
    .first()
    .waitFor();
  await browser.done(page);
});

test('attempts with their Retrier, error and wait; JSONata and variables', async () => {
  const arn = await server.run('retries', { n: 1, who: 'Ada' });
  const page = await browser.page(server, executionHash(arn, { state: '/States/Try' }));
  const panel = panelOf(page);
  await panel.getByRole('tab', { name: /^Attempts/ }).click();
  await panel.getByRole('heading', { name: 'Attempt 3' }).waitFor();
  await panel
    .getByText(/Retrier 1 waits/)
    .first()
    .waitFor();
  await accessible(page);
  await panel.getByRole('tab', { name: 'Data flow' }).click();
  await panel.getByRole('region', { name: 'Arguments' }).getByText('{% $states.input %}').waitFor();
  await panel.getByRole('group', { name: 'Variables before' }).getByText('count').waitFor();
  await browser.done(page);
});

test('child executions, nested machines and Map Runs by a click', async () => {
  const arn = await server.run('children', { items: [1, 2, 3] });
  const page = await browser.page(server, executionHash(arn, { state: '/States/Start one', part: 'attempts' }));
  await panelOf(page)
    .getByRole('link', { name: /execution:orders:/ })
    .first()
    .click();
  await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
  await page.goBack();
  await page.getByRole('tab', { name: 'Map Runs' }).click();
  await page.getByRole('tabpanel', { name: 'Map Runs' }).getByRole('link').first().click();
  await page.getByRole('heading', { name: /^Map Run/ }).waitFor();
  const children = page.getByRole('grid', { name: 'Executions' });
  await accessible(page);
  await children.getByRole('link').first().click();
  await state(page, /^Work, Pass, succeeded/).waitFor();
  await browser.done(page);
});

test('the timeline and the events', async () => {
  const arn = await server.run('retries', { n: 1, who: 'Ada' });
  const page = await browser.page(server, executionHash(arn, { tab: 'timeline' }));
  const timeline = page.getByRole('grid', { name: 'Timeline' });
  await timeline.getByText('Attempt 2').waitFor();
  await accessible(page);
  await timeline.getByText('Attempt 2').click();
  await panelOf(page).getByRole('heading', { name: 'Attempt 2' }).waitFor();
  await page.getByRole('button', { name: 'Longer' }).click();

  await page.getByRole('tab', { name: /^Events/ }).click();
  await page.getByLabel('Text').fill('gaveup');
  await page.getByText(/^\d of \d+ events$/).waitFor();
  await accessible(page);
  await page.getByLabel('Text').fill('');
  await page.getByLabel('Type').selectOption('TaskFailed');
  await page.getByRole('grid', { name: 'Events' }).getByText('TaskFailed').first().click();
  await page.getByRole('dialog').getByText('taskFailedEventDetails').waitFor();
  await accessible(page);
  await page.getByRole('button', { name: 'Show Try in the graph' }).click();
  await state(page, /^Try, Task/)
    .and(page.locator('[aria-pressed=true]'))
    .waitFor();
  await browser.done(page);
});

test('two executions are compared', async () => {
  const first = await server.run('orders', { paid: true, name: 'Ada', items: [] });
  const second = await server.run('orders', { paid: true, name: 'Bob', items: [] }, `second-${Date.now()}`);
  const page = await browser.page(server, executionHash(first, { tab: 'compare', with: second }));
  const rows = page.getByRole('grid', { name: 'Differences' });
  await rows.getByText('input, output').first().waitFor();
  await accessible(page);
  await rows.getByRole('row').nth(1).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('"Ada"').first().waitFor();
  await dialog.getByText('"Bob"').first().waitFor();
  await browser.done(page);
});

test('the graph is moved and enlarged by buttons, keys, the wheel and dragging', async () => {
  const arn = await server.run('orders', { paid: true, name: 'Ada', items: [] });
  const page = await browser.page(server, executionHash(arn));
  await state(page, 'Done, Succeed, succeeded').waitFor();
  const camera = () => page.locator('.graph > svg > g').getAttribute('transform');
  const moves = async (work) => {
    const before = await camera();
    await work();
    await page.waitForFunction(
      (old) => document.querySelector('.graph > svg > g').getAttribute('transform') !== old,
      before,
    );
  };
  await page.getByRole('button', { name: 'Show all' }).click();
  await moves(() => page.getByRole('button', { name: 'Larger' }).click());
  await moves(() => page.getByRole('button', { name: 'Smaller' }).click());
  await state(page, /^Is it paid/).focus();
  await moves(() => page.keyboard.press('+'));
  const { x, y, width, height } = await page.locator('.graph').boundingBox();
  await page.mouse.move(x + width / 2, y + height - 40);
  await moves(() => page.mouse.wheel(0, 80));
  await page.keyboard.down('Control');
  await moves(() => page.mouse.wheel(0, -80));
  await page.keyboard.up('Control');
  await moves(async () => {
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 60, y + height - 80, { steps: 4 });
    await page.mouse.up();
  });
  await browser.done(page);
});
