// Find: state machines and executions, live; start, stop, redrive.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, Browser, executionHash, machine, PATIENCE, Server } from './support.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start(), Browser.open()]);
});
after(() => Promise.all([browser.close(), server.close()]));

const unique = (name) => `${name}-${Date.now()}`;

test('executions are found by status and name, and appear by themselves', async () => {
  const [good, bad] = [unique('good'), unique('bad')];
  await server.run('orders', { paid: true, name: 'Ada', items: [] }, good);
  const page = await browser.page(server, `#/machines/${encodeURIComponent(machine('orders'))}`);
  const rows = page.getByRole('grid', { name: 'Executions' });
  await rows.getByRole('link', { name: good }).waitFor();
  await accessible(page);

  await server.run('orders', {}, bad);
  await rows.getByRole('link', { name: bad }).waitFor();
  await page.getByLabel('Name').fill('GOOD');
  await rows.getByRole('link', { name: bad }).waitFor({ state: 'detached' });
  await page.getByLabel('Name').fill('');
  await page.getByLabel('Status').selectOption('FAILED');
  await rows.getByRole('link', { name: good }).waitFor({ state: 'detached' });

  // The filter is a part of the address.
  await page.reload();
  await rows.getByRole('link', { name: bad }).waitFor();
  assert.equal(await page.getByLabel('Status').inputValue(), 'FAILED');
  await browser.done(page);
});

test('all by keyboard: choose, go, come back', async () => {
  const name = unique('keys');
  await server.run('orders', { paid: false }, name);
  const page = await browser.page(server, `#/machines/${encodeURIComponent(machine('orders'))}`);
  const rows = page.getByRole('grid', { name: 'Executions' });
  await rows.getByRole('link', { name }).waitFor();
  await rows.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name }).waitFor();
  await page.goBack();
  await rows.getByRole('link', { name }).waitFor();
  await browser.done(page);
});

test('an execution is started with a ready input, stopped and redriven', async () => {
  const page = await browser.page(server, `#/machines/${encodeURIComponent(machine('waits'))}`);
  const name = unique('from-page');
  await page.getByRole('button', { name: 'Start execution' }).click();
  await page.getByLabel('Name (optional)').fill(name);
  await accessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('heading', { name }).waitFor();
  const head = page.getByRole('region', { name: 'Execution', exact: true });
  await head.getByText('Running').waitFor();
  await page.getByRole('button', { name: 'Stop…' }).click();
  await page.getByLabel('Error (optional)').fill('Enough');
  await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click();
  await head.getByText('Aborted').waitFor();
  await page.getByRole('complementary').getByText('Aborted: Enough').waitFor();
  await page.getByRole('button', { name: 'Redrive' }).click();
  await head.getByText('Running (redriven 1×)').waitFor();

  // What is refused says why.
  await page.getByRole('button', { name: 'Start again…' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Input', exact: true }).fill('{');
  await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
  await page
    .getByRole('dialog')
    .getByRole('alert')
    .getByText(/Invalid/)
    .waitFor();
  await browser.done(page).catch((error) => assert.match(String(error), /400/));
});

test('what is typed faster than the page is drawn is kept', { timeout: PATIENCE }, async () => {
  const page = await browser.page(server, `#/machines/${encodeURIComponent(machine('definition'))}`);
  await page.getByRole('button', { name: 'Start execution' }).click();
  const field = page.locator('.cm-content');
  await field.click();
  await page.keyboard.press('Control+A');
  const typed = await field.evaluate(async (content) => {
    // A turn of the page's tasks lies between the keys, and no frame.
    for (const key of '[1234]') {
      document.execCommand('insertText', false, key);
      await new Promise((resolve) => setTimeout(resolve));
    }
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 200)));
    return content.textContent;
  });
  assert.equal(typed, '[1234]');
  await browser.done(page);
});

test('what is typed while the editor comes is kept', async () => {
  const page = await browser.page(server);
  let come;
  const coming = new Promise((resolve) => (come = resolve));
  await page.route('**/_asl/assets/editor.js', (route) => coming.then(() => route.fallback()));
  await page.goto(`${server.url}/#/machines/${encodeURIComponent(machine('definition'))}`);
  await page.getByRole('button', { name: 'Start execution' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Input', exact: true }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('[1, 2, 3, ');
  come();
  await page.keyboard.type('4, 5, 6, 7, 8, 9]', { delay: 10 });
  await page.locator('.cm-content').getByText('[1, 2, 3, 4, 5, 6, 7, 8, 9]').waitFor();
  await browser.done(page);
});

test('the test cases of the project are ready inputs', async () => {
  const page = await browser.page(server, `#/machines/${encodeURIComponent(machine('definition'))}`);
  await page.getByRole('button', { name: 'Start execution' }).click();
  const ready = page.getByLabel('Ready inputs');
  await ready.locator('optgroup[label="Test cases"] option').first().waitFor({ state: 'attached' });
  const [first] = await ready
    .locator('optgroup[label="Test cases"] option')
    .evaluateAll((options) => options.map((option) => option.value));
  await ready.selectOption(first);
  await page.getByRole('dialog').getByText('resourcePaths').first().waitFor();
  await browser.done(page);
});

test('what is not there says so', async () => {
  const page = await browser.page(server, executionHash('arn:aws:states:us-east-1:000000000000:execution:orders:none'));
  await page
    .getByRole('alert')
    .getByText(/Execution Does Not Exist/)
    .waitFor();
  await page.context().close();
});

test('an EXPRESS state machine answers where it is started', async () => {
  const name = unique('express');
  await server.call('CreateStateMachine', {
    name,
    type: 'EXPRESS',
    roleArn: 'arn:aws:iam::000000000000:role/any',
    definition: JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Result: { said: 'hello' }, End: true } } }),
  });
  const page = await browser.page(server, `#/machines/${encodeURIComponent(machine(name))}`);
  await page.getByText(/keep no executions/).waitFor();
  await page.getByRole('button', { name: 'Start execution' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('region', { name: 'Answer' }).getByText('"hello"').waitFor();
  await accessible(page);
  await browser.done(page);
});

test('light or dark, as it was chosen', async () => {
  const page = await browser.page(server);
  const theme = () => page.locator('html').getAttribute('data-theme');
  assert.equal(await theme(), 'auto');
  await page.getByRole('button', { name: 'Theme: auto' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.reload();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  assert.equal(await theme(), 'dark');
  await browser.done(page);
});
