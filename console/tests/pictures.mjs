// Makes pictures of the main views, for the guide and for whoever looks after a change: `node tests/pictures.mjs FOLDER`.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { Browser, executionHash, machine, Server, site, state } from './support.mjs';

const folder = argv[2] ?? 'pictures';
await mkdir(folder, { recursive: true });
const [server, browser, images] = await Promise.all([Server.start(), Browser.open(), site()]);

async function picture(name, hash, ready, look = {}) {
  const page = await browser.page(server, hash, { width: 1280, height: 860, ...look });
  await ready(page);
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await browser.done(page);
}

try {
  const input = {
    baseUrl: images.url,
    lambdaConcur: 5,
    resourcePaths: ['de/de.gif', 'fr/fr.gif', 'it/it.gif', 'jp/jp.gif', 'nl/nl.gif', 'se/se.gif', 'zz/zz.gif'],
  };
  const failed = await server.run('definition', input, 'download');
  const retried = await server.run('retries', { n: 1, who: 'Ada' }, 'retried');
  const order = await server.run('orders', { paid: true, name: 'Bob', items: [{ price: 3 }, { sku: 'x' }] }, 'order');
  await server.run('definition', { ...input, resourcePaths: ['de/de.gif'] }, 'download-again');
  await server.startExecution('waits', {}, 'waiting');

  const inGraph = (name) => (page) => state(page, name).waitFor();
  await picture('executions', '#/', (page) => page.getByRole('link', { name: 'waiting' }).waitFor());
  await picture('failed-download-images', executionHash(failed), inGraph('Some images are missing, Fail, failed'));
  await picture('graph', executionHash(order), inGraph('Bad, Fail, failed'), { theme: 'dark' });
  await picture('data-flow', executionHash(failed, { state: '/States/Notify about the failures' }), async (page) => {
    await page.getByRole('region', { name: 'InputPath' }).evaluate((stage) => stage.scrollIntoView());
  });
  await picture(
    'timeline',
    executionHash(retried, { tab: 'timeline', state: '/States/Try', part: 'attempts' }),
    (page) => page.getByText('Attempt 3').first().waitFor(),
  );
  await picture('time-travel', executionHash(retried, { until: 9, state: '/States/Try', part: 'attempts' }), (page) =>
    page.getByText('Attempt 2').first().waitFor(),
  );
  await picture('run-on', executionHash(retried, { state: '/States/Try' }), async (page) => {
    await page.getByRole('button', { name: 'Run on from here…' }).click();
    await page.getByRole('dialog').getByText('"count"').waitFor();
  });
  await picture('playground', '#/try/jsonpath', (page) => page.getByText('fell out').first().waitFor());
  await picture('definition', `#/definitions/${encodeURIComponent(machine('orders'))}`, (page) =>
    page.getByRole('button', { name: 'Done, Succeed' }).waitFor(),
  );
} finally {
  images.close();
  await Promise.all([browser.close(), server.close()]);
}
