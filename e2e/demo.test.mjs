// The demo, as somebody who tries it for the first time meets it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { assertAccessible, landing, launch, openPage } from './lib/browser.mjs';
import { eventually } from './lib/eventually.mjs';
import { start } from './lib/program.mjs';

// In the sample company on both sides.
const EMAIL = 'person.4@basalt-railways.example';

let folder;
let demo;
let browser;
let hubspot;
let salesforce;
before(async () => {
  // A folder of its own, so that whatever the demo leaves behind is seen.
  folder = await mkdtemp(join(tmpdir(), 'demo-'));
  demo = await start(['demo', '--port', '0', '--json'], { TMPDIR: folder });
  browser = await launch();
  hubspot = await openPage(browser);
  salesforce = await openPage(browser);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Opens the one contact with this address and returns where it is. */
async function openContact({ page }, listUrl) {
  await page.goto(`${listUrl}?q=${encodeURIComponent(EMAIL)}`);
  const links = page.locator('table a');
  assert.equal(await links.count(), 1, `one contact at ${page.url()}`);
  await landing(page, () => links.click());
  return page.url();
}

const hubspotContact = () => openContact(hubspot, `${demo.ready.hubspot_console}/contacts`);
const salesforceContact = () => openContact(salesforce, `${demo.ready.salesforce_console}/Contact`);

async function save(page, field, value) {
  await page.locator(`[name="${field}"]`).fill(value);
  await landing(page, () => page.getByRole('button', { name: 'Save', exact: true }).click());
}

/** Waits for a value to show on a record's page. */
const shows = (page, field, value) =>
  eventually(`'${value}' in ${field} at ${page.url()}`, async () => {
    await page.reload();
    const seen = await page.locator(`[name="${field}"]`).inputValue();
    return { holds: seen === value, seen };
  });

test('the first sync comes to rest', async () => {
  await eventually('nothing left to look at', async () => {
    const status = await (await fetch(new URL('/api/status', demo.ready.url))).json();
    const due = status.marks.hubspot.due + status.marks.salesforce.due;
    const linked = status.links.reduce((sum, { links }) => sum + links, 0);
    return { holds: due === 0 && linked > 0, seen: JSON.stringify(status) };
  }, { within: 120_000 });
});

test("a job title edited in HubSpot shows as the contact's title in Salesforce", async () => {
  await hubspotContact();
  await salesforceContact();
  await save(hubspot.page, 'jobtitle', 'Keeper of the <Bridge>');
  await shows(salesforce.page, 'Title', 'Keeper of the <Bridge>');
});

test("a title edited in Salesforce shows as the contact's job title in HubSpot", async () => {
  await save(salesforce.page, 'Title', 'Keeper of the Keys & Gates');
  await shows(hubspot.page, 'jobtitle', 'Keeper of the Keys & Gates');
});

test('an edit that has arrived is not sent back', async () => {
  // Once a later edit has crossed over, Tandem has seen the earlier ones on both sides.
  await save(hubspot.page, 'city', 'Gent');
  await shows(salesforce.page, 'MailingCity', 'Gent');
  await hubspot.page.reload();
  const history = hubspot.page.getByRole('row').filter({ hasText: 'Job Title' }).filter({ hasText: 'Keeper' });
  const values = await history.locator('td:nth-child(3)').allInnerTexts();
  assert.deepEqual(values, ['Keeper of the Keys & Gates', 'Keeper of the <Bridge>']);
});

test('the page of the demo tells what was written last, and why', async () => {
  const { page, surprises } = await openPage(browser);
  await page.goto(new URL('/c/demo/health', demo.ready.url).href);
  const row = page.getByRole('row').filter({ hasText: 'Keeper of the Keys & Gates' });
  await row.first().waitFor();
  const why = await row.first().getByRole('cell').last().innerText();
  assert.ok(why.trim().length > 10, `a reason in words, not '${why}'`);
  for (const console of [demo.ready.hubspot_console, demo.ready.salesforce_console]) {
    assert.equal(await page.locator(`a[href="${console}"]`).count(), 1);
  }
  assert.deepEqual(surprises, []);
});

test('the page of the demo can be used by everybody', async () => {
  const { page } = await openPage(browser);
  await page.goto(demo.ready.url);
  await assertAccessible(page);
});

test('the demo can be asked and told from the command line', async () => {
  const remote = async (...args) => {
    const { stdout } = await promisify(execFile)(process.env.TANDEM, ['remote', '--server', demo.ready.url, ...args]);
    return stdout && JSON.parse(stdout);
  };
  assert.equal((await remote('me')).role, 'administrator');
  assert.equal((await remote('status')).name, 'Lantern Instruments');
  assert.deepEqual((await remote('plan')).counts, [], 'both sides are in step');
  await remote('sync');
  await assert.rejects(remote('--connection', 'none', 'status'), /There is no such connection/);
});

test('an interrupt ends the demo within 10 s, and nothing is left behind', async () => {
  await browser.close();
  assert.notDeepEqual(await readdir(folder), [], 'the demo works in the folder that is looked at');
  assert.deepEqual(await demo.stop('SIGINT', 10_000), { code: 0, signal: null });
  assert.deepEqual(await readdir(folder), []);
  await assert.rejects(fetch(demo.ready.url));
});
