// Time travel: an execution as it was after each of its events, and executions that go on from one of its states.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, Browser, choose, executionHash, machine, Server, state } from './support.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start('--no-quotas'), Browser.open()]);
});
after(() => Promise.all([browser.close(), server.close()]));

const panelOf = (page) => page.getByRole('complementary', { name: 'State' });
const stepperOf = (page) => page.getByRole('region', { name: 'Time travel' });

/** The id of the first event that is like that. */
async function eventOf(arn, like) {
  const { events } = await server.call('GetExecutionHistory', { executionArn: arn, maxResults: 1000 });
  const found = events.find(like);
  assert(found, 'there is no such event');
  return found.id;
}

const entered = (name) => (event) => event.stateEnteredEventDetails?.name === name;
const eventsOf = async (arn) =>
  (await server.call('GetExecutionHistory', { executionArn: arn, maxResults: 1000 })).events.length;
const inAddress = (page, until) => page.waitForURL((url) => url.hash.endsWith(`until=${until}`));

test('an execution is stepped through by buttons, keys and the slider, and the address keeps the place', async () => {
  const arn = await server.run('retries', { n: 1, who: 'Ada' });
  const last = await eventsOf(arn);
  const page = await browser.page(server, executionHash(arn));
  const stepper = stepperOf(page);
  const at = (id) => stepper.getByText(`after event ${id} of ${last}`);
  await state(page, 'Give up, Fail, failed').waitFor();
  await stepper.getByText(`Now, after ${last} events`).waitFor();

  await stepper.getByRole('button', { name: 'First event' }).click();
  await at(1).waitFor();
  await stepper.getByText('ExecutionStarted').waitFor();
  await state(page, 'Prepare, Pass, not reached').waitFor();
  await accessible(page);
  await stepper.getByRole('button', { name: 'One event forward' }).click();
  await at(2).waitFor();
  await stepper.getByText(/PassStateEntered of Prepare, .* after the start/).waitFor();
  await state(page, 'Prepare, Pass, running').waitFor();
  await state(page, 'Try, Task, not reached').waitFor();

  // The keys, wherever in the stepper the focus is; what leads nowhere keeps it.
  await page.keyboard.press('ArrowRight');
  await at(3).waitFor();
  await state(page, 'Prepare, Pass, succeeded').waitFor();
  await page.keyboard.press('Home');
  await at(1).waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowRight');
  await at(2).waitFor();
  await page.keyboard.press('End');
  await at(last).waitFor();
  await state(page, 'Give up, Fail, failed').waitFor();
  await stepper.getByRole('slider', { name: 'Event' }).fill('2');
  await at(2).waitFor();
  await state(page, 'Prepare, Pass, running').waitFor();

  // Reload keeps it; so does another state, and the way back from there; and Back leads from the past to now.
  await inAddress(page, 2);
  await page.reload();
  await at(2).waitFor();
  await state(page, 'Prepare, Pass, running').waitFor();
  await choose(page, /^Prepare/);
  await panelOf(page).getByRole('heading', { name: 'Prepare' }).waitFor();
  await page.goBack();
  await panelOf(page).waitFor({ state: 'detached' });
  await at(2).waitFor();
  await page.goBack();
  await stepper.getByText(`Now, after ${last} events`).waitFor();
  await state(page, 'Give up, Fail, failed').waitFor();
  await page.goForward();
  await at(2).waitFor();
  await stepper.getByRole('button', { name: 'Back to now' }).click();
  await state(page, 'Give up, Fail, failed').waitFor();
  assert.equal(await stepper.getByRole('slider').evaluate((slider) => slider === document.activeElement), true);
  await browser.done(page);
});

test('data, attempts, the way and the timeline are as they were', async () => {
  const arn = await server.run('retries', { n: 1, who: 'Ada' });
  const failed = await eventOf(arn, (event) => event.type === 'TaskFailed');
  const page = await browser.page(server, executionHash(arn, { state: '/States/Try', until: failed }));
  const panel = panelOf(page);
  await state(page, 'Try, Task, running').waitFor();
  await panel.getByRole('region', { name: 'Arguments' }).getByText('{% $states.input %}').waitFor();
  await panel.getByRole('group', { name: 'Variables before' }).getByText('count').waitFor();
  await panel.getByRole('tab', { name: /^Attempts/ }).click();
  await panel.getByRole('heading', { name: 'Attempt 1' }).waitFor();
  assert.equal(await panel.getByRole('heading', { name: 'Attempt 2' }).count(), 0);
  await accessible(page);

  // The outcome: neither the state that came then, nor how it ended.
  await panel.getByRole('button', { name: 'Close the state' }).click();
  const outcome = page.getByRole('complementary', { name: 'Outcome' });
  const way = outcome.getByRole('list', { name: 'The way it took' });
  await way.getByText('Try').waitFor();
  assert.equal(await outcome.getByText('GaveUp').count(), 0);
  assert.deepEqual(await way.getByRole('button').allTextContents(), ['Prepare', 'Try']);

  await page.getByRole('tab', { name: 'Timeline' }).click();
  const timeline = page.getByRole('grid', { name: 'Timeline' });
  await timeline.getByText('Try').waitFor();
  assert.equal(await timeline.getByText(/Give up|Attempt 2/).count(), 0);
  await accessible(page);
  await stepperOf(page).getByRole('button', { name: 'Back to now' }).click();
  await timeline.getByText('Give up').waitFor();
  await way.getByText('Give up').waitFor();
  await outcome.getByText('Failed: GaveUp').waitFor();
  await browser.done(page);
});

test('visits and iterations are as they were, from a row of the event table', async () => {
  const arn = await server.run('many', { items: [0, 1, 2, 3, 4, 5] });
  const second = await eventOf(arn, (event) => event.mapIterationStartedEventDetails?.index === 1);
  const page = await browser.page(server, executionHash(arn, { tab: 'events' }));
  const events = page.getByRole('grid', { name: 'Events' });
  await events.getByText('MapIterationStarted').first().waitFor();
  await page.getByRole('button', { name: `As it was after event ${second}`, exact: true }).click();
  await stepperOf(page)
    .getByText(/MapIterationStarted of Each/)
    .waitFor();
  await state(page, 'Each, Map, running').waitFor();
  await choose(page, 'Each, Map, running');
  const panel = panelOf(page);
  await panel.getByRole('tab', { name: 'Iterations' }).click();
  await panel.getByText('2 iterations', { exact: true }).waitFor();
  await page.getByRole('tab', { name: /^Events/ }).click();
  await events.locator('.moment').getByText('MapIterationStarted').waitFor();
  await accessible(page);

  // And from the event itself, with the state that it is of.
  await events.getByText('MapStateEntered').click();
  await page.getByRole('dialog').getByRole('button', { name: 'As it was then' }).click();
  await stepperOf(page)
    .getByText(/MapStateEntered of Each/)
    .waitFor();
  await panel.getByText('No iterations yet.').waitFor();
  await stepperOf(page).getByRole('button', { name: 'Back to now' }).click();
  await panel.getByText('6 iterations', { exact: true }).waitFor();
  await browser.done(page);
});

test('a slider that is dragged does not pile up requests', async () => {
  const arn = await server.run('many', { items: Array.from({ length: 200 }, (_, index) => index) });
  const page = await browser.page(server, executionHash(arn));
  await state(page, /^Each, Map, succeeded/).waitFor();
  let open = 0;
  let most = 0;
  const asked = [];
  const gone = [];
  // Each answer comes when the next steps have been made.
  await page.route('**/_asl/course?*until=*', async (route) => {
    asked.push(Number(new URL(route.request().url()).searchParams.get('until')));
    most = Math.max(most, (open += 1));
    await new Promise((resolve) => gone.push(resolve));
    open -= 1;
    await route.continue();
  });
  const slider = stepperOf(page).getByRole('slider', { name: 'Event' });
  for (let id = 2; id <= 40; id += 1) await slider.fill(String(id));
  while (asked.at(-1) !== 40) {
    gone.shift()?.();
    await page.waitForTimeout(20);
  }
  gone.shift()?.();
  await stepperOf(page)
    .getByText(/after event 40 of/)
    .waitFor();
  await inAddress(page, 40);
  assert.deepEqual([most, asked], [1, [2, 40]]);
  // And is one step.
  await page.goBack();
  await stepperOf(page)
    .getByText(/^Now, /)
    .waitFor();
  await browser.done(page);
});

test('an execution that runs is looked at as it was, and goes on meanwhile', async () => {
  const arn = await server.startExecution('waits', {});
  const page = await browser.page(server, executionHash(arn));
  await state(page, 'Long, Wait, running').waitFor();
  await stepperOf(page).getByRole('slider').fill('2');
  const mark = page.locator('.graph .mark').filter({ hasText: 'waits, 2.0 s left' });
  await mark.waitFor();
  await server.call('StopExecution', { executionArn: arn });
  await page.getByRole('region', { name: 'Execution', exact: true }).getByText('Aborted').waitFor();
  await stepperOf(page)
    .getByText(/after event 2 of 5/)
    .waitFor();
  await mark.waitFor();
  await stepperOf(page).getByRole('button', { name: 'Back to now' }).click();
  await state(page, 'Long, Wait, aborted').waitFor();
  await browser.done(page);
});

test('an execution goes on from a state with other data', async () => {
  const arn = await server.run('retries', { n: 1, who: 'Ada' });
  const page = await browser.page(server, executionHash(arn, { state: '/States/Give up' }));
  const panel = panelOf(page);
  await panel.getByRole('button', { name: 'Run on from here…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Run on from Give up' });
  const box = (name) => dialog.getByRole('textbox', { name, exact: true });
  const go = dialog.getByRole('button', { name: 'Run on', exact: true });
  await box('Variables').getByText('"count"').waitFor();
  await accessible(page);

  // What is wrong is told where it is: by the page, and by the server.
  await box('Variables').fill('{"count": ');
  await go.click();
  await dialog
    .getByRole('alert')
    .getByText(/^The variables: /)
    .waitFor();
  await box('Variables').fill('[]');
  await go.click();
  await dialog.getByRole('alert').getByText('The variables are not an object').waitFor();
  await box('Variables').fill('{"count": 42}');
  await dialog.getByLabel('Name (optional)').fill('gave-up-again');
  await go.click();
  await page.getByRole('heading', { name: 'gave-up-again' }).waitFor();
  await page.getByRole('complementary', { name: 'Outcome' }).getByText('after 42').waitFor();
  await state(page, 'Give up, Fail, failed').waitFor();
  await state(page, 'Try, Task, not reached').waitFor();
  await browser.done(page).catch((error) => assert.match(String(error), /400/));
});

test('an execution goes on with the definition as it is now, and never from inside of a Map', async () => {
  const name = `forked-${Date.now()}`;
  const definition = (said) =>
    JSON.stringify({
      StartAt: 'First',
      States: {
        First: { Type: 'Pass', Next: 'Each' },
        Each: {
          Type: 'Map',
          ItemsPath: '$.items',
          ItemProcessor: { StartAt: 'Inner', States: { Inner: { Type: 'Pass', End: true } } },
          ResultPath: null,
          Next: 'Second',
        },
        Second: { Type: 'Pass', Result: said, ResultPath: '$.said', End: true },
      },
    });
  const roleArn = 'arn:aws:iam::000000000000:role/any';
  await server.call('CreateStateMachine', { name, roleArn, definition: definition('before') });
  const arn = await server.run(name, { items: [1] });
  await server.call('UpdateStateMachine', { stateMachineArn: machine(name), definition: definition('after') });
  const page = await browser.page(server, executionHash(arn, { state: '/States/Second' }));
  const panel = panelOf(page);
  const runOn = async (isNewest) => {
    await panel.getByRole('button', { name: 'Run on from here…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Run on from Second' });
    await dialog.getByLabel('With the definition as it is now').setChecked(isNewest);
    await dialog.getByRole('textbox', { name: 'Input', exact: true }).fill('{"items": "changed"}');
    await dialog.getByRole('button', { name: 'Run on', exact: true }).click();
    const outcome = page.getByRole('complementary', { name: 'Outcome' });
    await outcome
      .getByRole('group', { name: 'Output' })
      .getByText(isNewest ? '"after"' : '"before"')
      .waitFor();
    await outcome.getByRole('group', { name: 'Output' }).getByText('"changed"').waitFor();
    await page.goBack();
    await panel.getByRole('heading', { name: 'Second' }).waitFor();
  };
  await runOn(false);
  await runOn(true);

  await choose(page, /^Inner/);
  await panel.getByRole('region', { name: 'Output' }).waitFor();
  assert.equal(await panel.getByRole('button', { name: 'Run on from here…' }).count(), 0);
  await browser.done(page);
});

test('a running execution pauses before a state, steps, and goes on with other data', async () => {
  const { activityArn } = await server.call('CreateActivity', { name: 'pausing' });
  const pass = { Type: 'Pass', Parameters: { 'from.$': '$' } };
  const definition = {
    StartAt: 'Work',
    States: {
      Work: { Type: 'Task', Resource: activityArn, Next: 'First' },
      First: { ...pass, Next: 'Second' },
      Second: { ...pass, Next: 'Third' },
      Third: { ...pass, End: true },
    },
  };
  const roleArn = 'arn:aws:iam::000000000000:role/any';
  await server.call('CreateStateMachine', { name: 'pausing', roleArn, definition: JSON.stringify(definition) });
  const arn = await server.startExecution('pausing', {});
  const page = await browser.page(server, executionHash(arn));
  await choose(page, /^First/);
  await panelOf(page).getByRole('checkbox', { name: 'Pause before it' }).check();
  const { taskToken } = await server.call('GetActivityTask', { activityArn });
  await server.call('SendTaskSuccess', { taskToken, output: '"done"' });

  const bar = (name) => page.getByRole('status').filter({ hasText: `Paused before ${name}` });
  await bar('First').waitFor();
  await accessible(page);
  await bar('First').getByRole('button', { name: 'Step' }).click();
  await bar('Second').waitFor();
  await bar('Second').getByRole('button', { name: 'Data…' }).click();
  const dialog = page.getByRole('dialog', { name: 'The data of Second' });
  await dialog.getByRole('textbox', { name: 'Input' }).fill('{"changed": true}');
  await dialog.getByRole('button', { name: 'Change' }).click();
  await dialog.waitFor({ state: 'detached' });
  await bar('Second').getByRole('button', { name: 'Go on' }).click();
  assert.equal((await server.ended(arn)).output, '{"from":{"from":{"changed":true}}}');
  await bar('Second').waitFor({ state: 'detached' });
  await browser.done(page);
});
