// What the embedded services keep, to look at.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, Browser, Server, site } from './support.mjs';

let server, browser, images;
before(async () => {
  [server, browser, images] = await Promise.all([Server.start(), Browser.open(), site()]);
});
after(async () => {
  images.close();
  await Promise.all([browser.close(), server.close()]);
});

test('objects, items and notifications that a state machine made', async () => {
  const page = await browser.page(server, '#/data');
  await page.getByText('Nothing is stored yet').waitFor();
  await accessible(page);

  // It shows up while one looks.
  const input = { baseUrl: images.url, lambdaConcur: 5, resourcePaths: ['de/de.gif', 'fr/fr.gif', 'zz/zz.gif'] };
  await server.run('definition', input);
  const services = page.getByRole('navigation', { name: 'Services' });
  for (const name of ['Buckets', 'Tables', 'Topics']) await services.getByRole('heading', { name }).waitFor();

  // Objects: found by their keys, an image shown.
  const bucket = services.locator('li').filter({ has: page.locator('[title^="s3://"]') });
  await bucket.getByRole('link').first().click();
  const objects = page.getByRole('grid', { name: 'Objects' });
  await objects.getByRole('row').nth(2).waitFor();
  await accessible(page);
  const key = await objects.getByRole('link').first().textContent();
  await page.getByLabel('Keys that begin with').fill(`${key.slice(0, -1)}`);
  await page.getByText('1 object', { exact: true }).last().waitFor();
  await objects.focus();
  await page.keyboard.press('Enter');
  const image = page.getByRole('img', { name: key });
  await image.waitFor();
  assert((await image.evaluate((shown) => shown.decode().then(() => shown.naturalWidth))) > 0);
  await accessible(page);
  await page.getByRole('link', { name: 'All objects' }).click();
  await objects.waitFor();

  // Items, searched.
  await services.locator('[title^="dynamodb://"]').first().click();
  await page.getByLabel('Text').fill('de.gif');
  await page.getByText(/^1 of \d/).waitFor();
  await accessible(page);

  // Notifications.
  await services.locator('[title^="sns://"]').first().click();
  await page
    .getByRole('group', { name: 'failedDownloads' })
    .getByText(/zz\/zz\.gif/)
    .first()
    .waitFor();
  await accessible(page);
  await page.goto(`${server.url}/#/data/${encodeURIComponent('sqs://none')}`);
  await page.getByText('There is no sqs://none').waitFor();
  await page.setViewportSize({ width: 375, height: 667 });
  await accessible(page);
  await browser.done(page);
});
