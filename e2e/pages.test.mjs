// The pages of a connected Tandem: health, errors, records, undo, search, settings, import; in a browser, as people use them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertAccessible, landing, launch, openPage } from './lib/browser.mjs';
import { eventually } from './lib/eventually.mjs';
import { start } from './lib/program.mjs';

// In the sample company on both sides.
const EMAIL = 'person.4@basalt-railways.example';
const PHONE = { width: 375, height: 812 };

let demo;
let browser;
let tandem;
let hubspot;
before(async () => {
  demo = await start(['demo', '--port', '0', '--json']);
  browser = await launch();
  tandem = await openPage(browser);
  hubspot = await openPage(browser);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const go = (path) => tandem.page.goto(new URL(path, demo.ready.url).href);
const press = (name) => landing(tandem.page, () => tandem.page.getByRole('button', { name, exact: true }).click());
const api = async (path) => (await fetch(new URL(`/api/v1/connections/demo${path}`, demo.ready.url))).json();
const atRest = () =>
  eventually('nothing left to look at', async () => {
    const health = await api('/health');
    const due = health.sides.reduce((sum, side) => sum + side.due, 0);
    const linked = health.kinds.reduce((sum, kind) => sum + kind.in_step, 0);
    return { holds: due === 0 && linked > 0, seen: JSON.stringify(health.sides) };
  }, { within: 120_000 });

/** Sets a field of the contact on the HubSpot console. */
async function edit(field, value) {
  const { page } = hubspot;
  await page.goto(`${demo.ready.hubspot_console}/contacts?q=${encodeURIComponent(EMAIL)}`);
  await landing(page, () => page.locator('table a').first().click());
  await page.locator(`[name="${field}"]`).fill(value);
  await landing(page, () => page.getByRole('button', { name: 'Save', exact: true }).click());
}

/** Opens the record's page by way of the search box. */
async function openRecord() {
  await go('/search');
  await tandem.page.locator('#question').fill(EMAIL);
  await landing(tandem.page, () => tandem.page.locator('main').getByRole('button', { name: 'Search' }).click());
  const hits = tandem.page.locator('main tbody a');
  assert.equal(await hits.count(), 1, 'one contact has this address');
  await landing(tandem.page, () => hits.click());
}

test('health tells how the connection stands', async () => {
  await atRest();
  await go('/');
  await landing(tandem.page, () => tandem.page.getByRole('link', { name: 'Lantern Instruments' }).first().click());
  await tandem.page.getByRole('heading', { level: 1, name: 'Sync health' }).waitFor();
  const main = await tandem.page.locator('main').innerText();
  for (const text of ['pairs in step', 'Written in the last 24 hours', 'API calls in the last 24 hours', 'Contacts']) {
    assert.ok(main.includes(text), `'${text}' on the page`);
  }
  assert.ok((await tandem.page.locator('svg.chart rect').count()) > 0, 'what was done is drawn');
  assert.deepEqual(tandem.surprises, []);
});

test('pausing and resuming', async () => {
  await go('/c/demo/health');
  await press('Pause');
  assert.equal((await api('/health')).state, 'paused');
  await tandem.page.getByText('Paused. Changes wait until you resume.').waitFor();
  await press('Resume');
  assert.equal((await api('/health')).state, 'active');
});

test('a record is found, and both its sides are shown field by field', async () => {
  await openRecord();
  const row = tandem.page.getByRole('row').filter({ has: tandem.page.locator('code', { hasText: 'email ↔ Email' }) });
  const cells = await row.getByRole('cell').allInnerTexts();
  assert.equal(cells[0], EMAIL);
  assert.equal(cells[1], EMAIL);
  await landing(tandem.page, () => tandem.page.getByRole('link', { name: 'Compare with both platforms now' }).click());
  await tandem.page.getByText('Both sides hold what was last agreed.').waitFor();
});

test('an error is shown with what to do; once it is put right, it is gone', async () => {
  const ofTitle = async () => {
    const groups = await api('/errors/groups');
    return groups.filter((group) => ['Title', 'jobtitle'].includes(group.field));
  };
  await edit('jobtitle', 'Keeper of the lamp '.repeat(12));
  await eventually('an error about the title', async () => {
    const groups = await ofTitle();
    return { holds: groups.length === 1, seen: JSON.stringify(groups) };
  });
  await go('/c/demo/errors');
  const group = tandem.page.locator('.error-group').filter({ hasText: 'Shorten the value' });
  await group.waitFor();
  assert.ok((await group.innerText()).includes('What is behind it'));
  await assertAccessible(tandem.page);
  await openRecord();
  assert.ok((await tandem.page.locator('section.problem').first().innerText()).includes('Shorten the value'));
  await assertAccessible(tandem.page);
  await edit('jobtitle', 'Keeper of the lamp');
  await go('/c/demo/errors');
  await press('Resync all');
  await tandem.page.getByText('Marked: they are looked at again now.').waitFor();
  await eventually('the error is gone', async () => {
    const groups = await ofTitle();
    return { holds: groups.length === 0, seen: JSON.stringify(groups) };
  });
});

test('settings are changed only after their plan was shown', async () => {
  const rule = async () => {
    const settings = await api('/settings');
    const contacts = settings.objects.find((mapping) => mapping.salesforce_object === 'Contact');
    return contacts.fields.find((field) => field.hubspot === 'jobtitle').rule;
  };
  assert.equal(await rule(), 'two_way');
  await go('/c/demo/contacts');
  await tandem.page.locator('summary').first().click();
  await tandem.page.getByLabel('Sync type: jobtitle ↔ Title').first().selectOption('Always use Salesforce');
  await press('Preview what this changes');
  await tandem.page.getByRole('cell', { name: 'Always use Salesforce' }).first().waitFor();
  assert.equal(await rule(), 'two_way', 'nothing is changed yet');
  await tandem.page.getByRole('button', { name: 'Apply' }).waitFor({ timeout: 90_000 });
  await assertAccessible(tandem.page);
  await press('Apply');
  await tandem.page.getByText('Applied. What it changes is worked on now.').waitFor();
  assert.equal(await rule(), 'always_salesforce');
  await atRest();
});

test('changes can be discarded, and a form that does not fit changes nothing', async () => {
  await go('/c/demo/features');
  await tandem.page.getByLabel("Share of an object's linked records, in per cent").fill('7');
  await press('Preview what this changes');
  await press('Discard');
  assert.equal((await api('/settings')).brake.percent, 10);
  await go('/c/demo/companies');
  await tandem.page.getByLabel('Only the members of a segment').first().check();
  await tandem.page.getByLabel('Number of the segment').first().fill('Customers');
  await press('Preview what this changes');
  await tandem.page.getByText("'Customers' is no segment").waitFor();
});

test('an import shows what it would do before it does anything', async () => {
  await go('/c/demo/import');
  await tandem.page.getByLabel('What is imported').selectOption('salesforce:Contact');
  await tandem.page.getByLabel('Only those that meet this condition').fill(`Email = '${EMAIL}'`);
  await press('Show what it would do');
  await eventually('the plan of the import', async () => {
    const seen = await tandem.page.locator('#job').innerText();
    return { holds: /Nothing would change|Import these records/.test(seen), seen };
  });
});

test('an edit is in the timeline, and what was done is taken back after it was shown', async () => {
  await edit('city', 'Oostende');
  await eventually('the edit in the timeline', async () => {
    await openRecord();
    const seen = await tandem.page.locator('.timeline').innerText();
    return { holds: seen.includes('Oostende'), seen };
  });
  const record = new URL(tandem.page.url()).pathname.replace('/c/demo/record/', '/records/');
  await press('Sync now');
  await tandem.page.getByText('Marked: it is looked at now.').waitFor();
  await atRest();
  await press('Show what undo would do');
  await tandem.page.getByRole('button', { name: 'Take it back' }).waitFor({ timeout: 60_000 });
  const planned = await tandem.page.locator('#job table').innerText();
  assert.ok(planned.includes('Oostende') && planned.includes('would be written back'), planned);
  await assertAccessible(tandem.page);
  await press('Take it back');
  await eventually('the undo is done', async () => {
    const seen = await tandem.page.locator('#job').innerText();
    return { holds: /taken back/.test(seen), seen };
  });
  const { fields } = await api(`${record}/now`);
  const city = fields.find(({ pair }) => pair.names.salesforce === 'MailingCity');
  assert.ok(!JSON.stringify(city.now.salesforce).includes('Oostende'), JSON.stringify(city));
});

const PAGES = [
  '/', '/search?q=person', '/c/demo/health', '/c/demo/errors', '/c/demo/history', '/c/demo/contacts', '/c/demo/companies',
  '/c/demo/deals', '/c/demo/tickets', '/c/demo/activities', '/c/demo/custom', '/c/demo/features', '/c/demo/import',
  '/c/demo/connection', '/docs/rules',
];

test('every page can be used by everybody, and fits a phone', async () => {
  await openRecord();
  const record = new URL(tandem.page.url()).pathname;
  for (const path of [...PAGES, record]) {
    await tandem.page.setViewportSize({ width: 1280, height: 900 });
    const answer = await go(path);
    assert.equal(answer.status(), 200, path);
    assert.ok((await answer.body()).length < 200_000, `${path} is light`);
    await assertAccessible(tandem.page);
    await tandem.page.setViewportSize(PHONE);
    const wide = await tandem.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${path} scrolls sideways by ${wide} px`);
  }
  await tandem.page.setViewportSize({ width: 1280, height: 900 });
  assert.deepEqual(tandem.surprises, []);
});

test('the pages speak Traditional Chinese too', async () => {
  await go('/c/demo/health');
  await press('繁體中文');
  for (const path of PAGES.filter((path) => !path.startsWith('/docs'))) {
    await go(path);
    const main = await tandem.page.locator('main').innerText();
    assert.ok(/[\u4e00-\u9fff]/.test(main), `${path} in Chinese`);
    assert.ok(!/(health|errors|settings|history|record|search|import|work|said|connections)-[a-z]+-/.test(main), `no key shows on ${path}`);
  }
  await press('English');
});

test('disconnecting says what happens to the data, and asks for the name', async () => {
  await go('/c/demo/connection');
  const main = await tandem.page.locator('main').innerText();
  assert.ok(main.includes('No record in HubSpot or Salesforce is changed or deleted'), main);
  await tandem.page.getByLabel('To confirm, type the name').fill('Lantern');
  await press('Disconnect and forget');
  await tandem.page.getByText('nothing was disconnected').waitFor();
  await go('/c/demo/connection');
  await tandem.page.getByLabel('To confirm, type the name').fill('Lantern Instruments');
  await press('Disconnect and forget');
  const list = await (await fetch(new URL('/api/v1/connections', demo.ready.url))).json();
  assert.deepEqual(list, []);
});
