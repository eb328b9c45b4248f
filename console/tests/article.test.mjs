// The walk of the first article: a failing download-images understood with the page alone, its input put right, its test case saved.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, Browser, choose, Server, site, state } from './support.mjs';

let server, browser, images;
before(async () => {
  [server, browser, images] = await Promise.all([Server.start(), Browser.open(), site()]);
});
after(async () => {
  images.close();
  await Promise.all([browser.close(), server.close()]);
});

test('why did the download fail, who was told what, and how does it succeed', async () => {
  const input = { baseUrl: images.url, lambdaConcur: 5, resourcePaths: ['de/de.gif', 'fr/fr.gif', 'zz/zz.gif'] };
  await server.run('definition', input, `article-${Date.now()}`);
  const page = await browser.page(server);

  // Find the failed execution.
  await page.getByRole('navigation', { name: 'State machines' }).getByRole('link', { name: 'definition', exact: true }).click();
  await page.getByLabel('Status').selectOption('FAILED');
  const found = page.getByRole('grid', { name: 'Executions' });
  await found.getByRole('row').nth(1).getByRole('link').click();

  // Which path failed.
  const outcome = page.getByRole('complementary', { name: 'Outcome' });
  await outcome.getByText('One or more resources failed to download').waitFor();
  const way = outcome.getByRole('list', { name: 'The way it took' });
  await way.getByText('Some images are missing').waitFor();
  assert.deepEqual(await way.getByRole('button').allTextContents(), [
    'Split into batches', 'Download all batches', 'Check the results', 'Record the downloads', 'Did all succeed?', 'Notify about the failures', 'Some images are missing',
  ]);
  await state(page, 'Some images are missing, Fail, failed').waitFor();
  await state(page, 'All images downloaded, Pass, not reached').waitFor();
  await accessible(page);

  // What the mail said.
  const told = outcome.getByRole('article').filter({ hasText: 'Images that could not be downloaded' });
  await told.getByText('someone@example.com').waitFor();
  assert.match(await told.getByRole('group', { name: 'Message' }).textContent(), /zz\/zz\.gif/);

  // What was sent to the topic.
  await choose(page, /^Notify about the failures/);
  const panel = page.getByRole('complementary', { name: 'State' });
  const parameters = panel.getByRole('region', { name: 'Parameters' });
  assert.match(await parameters.textContent(), /zz\/zz\.gif/);
  assert.match(await parameters.textContent(), /\d+:\d+/);
  await panel.getByRole('tab', { name: /^Attempts/ }).click();
  await panel.getByRole('group', { name: 'Sent' }).getByText('failedDownloads').waitFor();
  await accessible(page);

  // Start it again with the input put right.
  await page.getByRole('button', { name: 'Start again…' }).click();
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('textbox', { name: 'Input', exact: true });
  await field.getByText('zz/zz.gif').waitFor();
  await accessible(page);
  await field.fill(JSON.stringify({ ...input, resourcePaths: ['de/de.gif', 'fr/fr.gif'] }));
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('region', { name: 'Execution', exact: true }).getByText('Succeeded').waitFor();
  await state(page, 'All images downloaded, Pass, succeeded').waitFor();

  // Save its test case.
  await page.getByRole('button', { name: 'Save as test case…' }).click();
  const text = await page.getByLabel('Test case', { exact: true }).textContent();
  assert.match(text, /de\/de\.gif/);
  await accessible(page);
  await browser.done(page);
});
