// The set-up, from nothing to the first sync, as a person meets it in the browser.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { assertAccessible, assertFits, landing, launch, openPage } from './lib/browser.mjs';
import { eventually } from './lib/eventually.mjs';
import { comeIn, signIn } from './lib/people.mjs';
import { start } from './lib/program.mjs';

const EMAIL = 'ada@tandem.example';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Both simulators and a Tandem that has connected nothing yet. */
async function installation() {
  const simulators = await start(['sim', '--dataset', 'empty', '--contacts', '3', '--hubspot', '127.0.0.1:0', '--salesforce', '127.0.0.1:0']);
  const { hubspot, salesforce } = simulators.ready;
  const data = await mkdtemp(join(tmpdir(), 'setup-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const serve = () =>
    start(['serve', '--json', '--data', data, '--listen', url.slice(7)], {
      HUBSPOT_TOKEN: '',
      HUBSPOT_BASE_URL: hubspot.base_url,
      HUBSPOT_WEB_URL: hubspot.base_url,
      HUBSPOT_CLIENT_ID: hubspot.client_id,
      HUBSPOT_CLIENT_SECRET: hubspot.client_secret,
      SALESFORCE_LOGIN_URL: salesforce.login_url,
      SALESFORCE_CLIENT_ID: salesforce.client_id,
      SALESFORCE_CLIENT_SECRET: salesforce.client_secret,
      SALESFORCE_ACCESS_TOKEN: '',
      SALESFORCE_INSTANCE_URL: '',
    });
  let tandem = await serve();
  return {
    url,
    link: tandem.ready.administrator_link,
    salesforce,
    set: (settings) =>
      fetch(`${salesforce.instance_url}/_sim/settings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(settings),
      }).then(async (answer) => assert.equal(answer.status, 200, await answer.text())),
    restart: async () => {
      await tandem.stop();
      tandem = await serve();
    },
    close: async () => {
      await tandem.stop();
      await simulators.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

const heading = (page) => page.locator('h1').innerText();

/** Connects both platforms, each in a tab that opens for it, and stands before the permission check. */
async function connect(page, { url, link }) {
  await page.goto(link);
  await comeIn(page, { name: 'Ada', email: EMAIL });
  await page.goto(url);
  await landing(page, () => page.getByRole('button', { name: 'Begin a set-up' }).click());
  await assertAccessible(page);
  const [hubspot] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Connect HubSpot' }).click(),
  ]);
  await hubspot.getByRole('button', { name: 'Connect app' }).click();
  await hubspot.getByText('You can close this tab').waitFor();
  await hubspot.close();
  // The page that was left open goes on by itself.
  await page.getByText('is connected.').waitFor();
  await landing(page, () => page.getByRole('link', { name: 'Next' }).click());
  await assertAccessible(page);
  const [salesforce] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Sign in to Salesforce' }).click(),
  ]);
  await salesforce.getByRole('button', { name: 'Log in and allow' }).click();
  await salesforce.getByText('You can close this tab').waitFor();
  await salesforce.close();
  await page.getByText('Signed in to org').waitFor();
  await landing(page, () => page.getByRole('link', { name: 'Next' }).click());
}

async function synced(page) {
  await eventually('the records are in step', async () => {
    const list = await page.request.get(new URL('/api/v1/connections', page.url()).href).then((answer) => answer.json());
    const status = await page.request
      .get(new URL(`/api/v1/connections/${list[0].id}/status`, page.url()).href)
      .then((answer) => answer.json());
    const links = status.links.reduce((sum, { links }) => sum + links, 0);
    return { holds: links >= 3, value: links, seen: JSON.stringify(status.links) };
  });
}

test('recommended settings, with a permission put right, a closed tab and a restart in the middle', async () => {
  const place = await installation();
  try {
    const opened = await openPage(browser);
    const { page } = opened;
    await place.set({ user_permissions: { CustomizeApplication: false } });
    await connect(page, place);
    assert.equal(await heading(page), 'Check permissions');
    await page.getByText('Customize Application', { exact: true }).waitFor();
    assert.equal(await page.locator('.checks .state.bad').count() > 0, true);
    await assertAccessible(page);
    await place.set({ user_permissions: { CustomizeApplication: true } });
    await landing(page, () => page.getByRole('button', { name: 'Check again' }).click());
    assert.equal(await page.locator('.checks .state.bad').count(), 0);
    await landing(page, () => page.getByRole('link', { name: 'Next' }).click());

    await place.set({ deploy_seconds: 5 });
    await landing(page, () => page.getByRole('button', { name: 'Install it from here' }).click());
    await page.getByText('Salesforce is putting the package in.').waitFor();
    await opened.close();
    await place.restart();

    const again = await openPage(browser);
    const { page: next } = again;
    await signIn(next, place.url, EMAIL);
    await next.goto(place.url);
    await landing(next, () => next.getByRole('link', { name: 'Go on' }).click());
    assert.equal(await heading(next), 'Install the package in Salesforce');
    await next.getByText('The package is in the org.').waitFor({ timeout: 60_000 });
    await landing(next, () => next.getByRole('link', { name: 'Next' }).click());
    await assertAccessible(next);
    await landing(next, () => next.getByRole('button', { name: 'Add the embed component' }).click());
    assert.equal(await heading(next), 'Choose how to sync');
    await landing(next, () => next.getByRole('button', { name: 'Use recommended settings' }).click());
    assert.equal(await heading(next), 'Review');
    await assertAccessible(next);
    await landing(next, () => next.getByRole('button', { name: 'Work out the plan' }).click());
    await next.getByText('records read in HubSpot').waitFor({ timeout: 60_000 });
    await landing(next, () => next.getByRole('button', { name: 'Finish setup and start syncing' }).click());
    await synced(next);
    assert.deepEqual(again.surprises, []);
    await again.close();
  } finally {
    await place.close();
  }
});

test('advanced settings, chosen one after the other, also on a phone', async () => {
  const place = await installation();
  try {
    const opened = await openPage(browser);
    const { page } = opened;
    await page.setViewportSize({ width: 375, height: 800 });
    await connect(page, place);
    await landing(page, () => page.getByRole('link', { name: 'Next' }).click());
    await landing(page, () => page.getByRole('button', { name: 'Leave it for later' }).click());
    await landing(page, () => page.getByRole('button', { name: 'Choose advanced settings' }).click());
    assert.equal(await heading(page), 'Contacts');
    await assertAccessible(page);
    await landing(page, () => page.getByRole('button', { name: 'Next' }).click());
    assert.equal(await heading(page), 'Tasks and activities');
    await page.getByLabel('Salesforce task sync').check();
    await page.getByLabel('Sync Call').check();
    await assertAccessible(page);
    await landing(page, () => page.getByRole('button', { name: 'Next' }).click());
    assert.equal(await heading(page), 'Objects and properties');
    await page.getByLabel('Sync type of Job Title').selectOption({ label: 'Two-way' });
    await page.getByLabel('Search fields').fill('jobtitle');
    await landing(page, () => page.getByRole('button', { name: 'Show' }).click());
    assert.equal(await page.getByLabel('Sync type of Job Title').inputValue(), 'two-way');
    assert.equal(await page.locator('tbody tr').count(), 1);
    await assertAccessible(page);
    await assertFits(page);
    await landing(page, () => page.getByRole('button', { name: 'Next' }).click());
    assert.equal(await heading(page), 'Properties to be created');
    await page.locator('#make').uncheck();
    await landing(page, () => page.getByRole('button', { name: 'Next' }).click());
    // Back loses nothing of it.
    await page.goto(new URL('sync/activities', page.url()).href);
    assert.equal(await page.getByLabel('Sync Call').isChecked(), true);
    await page.goto(new URL('../review', page.url()).href);
    assert.equal(await heading(page), 'Review');
    await page.getByText('Advanced settings').waitFor();
    await landing(page, () => page.getByRole('button', { name: 'Finish setup and start syncing' }).click());
    await synced(page);
    assert.deepEqual(opened.surprises, []);
    await opened.close();
  } finally {
    await place.close();
  }
});
