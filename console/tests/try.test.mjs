// Try: expressions, one state alone, definitions; callbacks.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, Browser, executionHash, machine, Server } from './support.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start(), Browser.open()]);
});
after(() => Promise.all([browser.close(), server.close()]));

const box = (page, name) => page.getByRole('textbox', { name, exact: true });

test('a path is tried on the data of a stage, with its explanation; so is a function', async () => {
  const arn = await server.run('orders', { paid: true, name: 'Ada', items: [{ price: 3 }, { price: 30 }] });
  const page = await browser.page(server, executionHash(arn, { state: '/States/Both' }));
  await page.getByRole('region', { name: 'Input' }).getByRole('button', { name: 'Playground' }).click();
  await box(page, 'Path or intrinsic function').fill('$.items[?(@.price > 10)]');
  await page.getByRole('group', { name: 'Result' }).getByText('30').waitFor();
  await page.getByText(/fell out/).first().waitFor();
  await accessible(page);
  await box(page, 'Path or intrinsic function').fill('States.ArrayLength($.items)');
  await page.getByRole('group', { name: 'Result' }).getByText('2').waitFor();
  await box(page, 'Path or intrinsic function').fill('$.missing.x');
  await page.getByRole('alert').waitFor();
  await page.getByRole('tab', { name: 'JSONata' }).click();
  await box(page, 'Expression').fill('$sum($states.input.items.price)');
  await page.getByRole('group', { name: 'Result' }).getByText('33').waitFor();
  await accessible(page);
  await page.reload();
  await page.getByRole('group', { name: 'Result' }).getByText('33').waitFor();
  await browser.done(page);
});

test('one state is run alone with another input and a mock', async () => {
  const arn = await server.run('retries', { n: 1, who: 'Ada' });
  const page = await browser.page(server, executionHash(arn, { state: '/States/Try' }));
  await page.getByRole('button', { name: 'Run this state alone…' }).click();
  await page.getByLabel('answers').check();
  await box(page, 'Answer of the task').fill('{"Payload": 7, "StatusCode": 200}');
  await page.getByRole('button', { name: 'Run the state' }).click();
  await page.getByRole('region', { name: 'Result' }).getByText('7').first().waitFor();
  await accessible(page);
  await page.getByLabel('fails').check();
  await page.getByRole('button', { name: 'Run the state' }).click();
  await page.getByText('Would be retried').waitFor();
  await browser.done(page);
});

test('a definition is edited: problems where they are, the graph as one types, saved', async () => {
  const made = await server.call('CreateStateMachine', {
    name: `edited-${Date.now()}`,
    roleArn: 'arn:aws:iam::000000000000:role/any',
    definition: JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }),
  });
  const page = await browser.page(server, `#/definitions/${encodeURIComponent(made.stateMachineArn)}`);
  const editor = box(page, 'Definition');
  await editor.fill(JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'Nowhere' } } }, null, 2));
  await page.getByRole('region', { name: 'Problems' }).getByRole('button', { name: '/States/A/Next' }).waitFor();
  await page.locator('.cm-lintRange-error').first().waitFor();
  await accessible(page);
  await editor.fill(JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Succeed' } } }, null, 2));
  await page.getByText('No problems.').waitFor();
  await page.getByRole('button', { name: 'B, Succeed' }).waitFor();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText(/^Saved/).waitFor();
  const saved = await server.call('DescribeStateMachine', { stateMachineArn: made.stateMachineArn });
  assert.match(saved.definition, /Succeed/);
  await browser.done(page);
});

test('a state machine is made', async () => {
  const name = `made-${Date.now()}`;
  const page = await browser.page(server, '#/new');
  await page.getByLabel('Name').fill(name);
  await accessible(page);
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name }).waitFor();
  await server.call('DescribeStateMachine', { stateMachineArn: machine(name) });
  await browser.done(page);
});

test('a callback is answered by a form', async () => {
  for (const outcome of ['succeeded', 'failed']) {
    const arn = await server.startExecution('ask', { question: `May it have ${outcome}?` });
    const page = await browser.page(server, '#/callbacks');
    const waiting = page.getByRole('article').filter({ hasText: `May it have ${outcome}?` });
    await accessible(page);
    await waiting.getByRole('button', { name: 'Answer…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(outcome).check();
    if (outcome === 'succeeded') await dialog.getByRole('textbox', { name: 'Output', exact: true }).fill('{"yes": true}');
    else await dialog.getByLabel('Error').fill('No');
    await accessible(page);
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    await waiting.waitFor({ state: 'detached' });
    assert.equal((await server.ended(arn)).status, outcome.toUpperCase());
    await browser.done(page);
  }
});
