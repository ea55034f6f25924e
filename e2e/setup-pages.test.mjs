// A person installs a package in the simulated org, sees the embed window in its place, and reads it all on a phone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { createServer } from 'node:http';

import { assertAccessible, assertFits, landing, launch, openPage } from './lib/browser.mjs';
import { startSimulators } from './lib/program.mjs';

const VERSION = '04t5g0000000001AAA';

let program;
let browser;
before(async () => {
  program = await startSimulators();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.stop();
});

const org = () => program.ready.salesforce;
const control = async (path, body) => {
  const reply = await fetch(`${org().login_url}/_sim/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(reply.status, 200, await reply.text());
};

/** Asks the org with the connected user's session. */
async function rest(path, body) {
  const reply = await fetch(`${org().login_url}/services/data/v62.0${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${org().access_token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  assert.ok(reply.ok, `${path}: ${await reply.clone().text()}`);
  return reply.json();
}
const tooling = (soql) => rest(`/tooling/query?q=${encodeURIComponent(soql)}`);

describe('the package install page', () => {
  let page;
  let surprises;
  let close;
  before(async () => {
    ({ page, surprises, close } = await openPage(browser));
    await page.setViewportSize({ width: 375, height: 740 });
  });
  after(() => close?.());

  const heading = () => page.getByRole('heading', { level: 1 }).innerText();
  const press = (name) => landing(page, () => page.getByRole('button', { name, exact: true }).click());
  const requests = async () => {
    const { records } = await tooling('SELECT SecurityType, EnableRss, Status FROM PackageInstallRequest ORDER BY Id');
    return records.map(({ SecurityType, EnableRss, Status }) => [SecurityType, EnableRss, Status]);
  };
  const open = () => page.goto(`${org().login_url}/packaging/installPackage.apexp?p0=${VERSION}`);
  const checked = async () => {
    await assertAccessible(page);
    await assertFits(page);
  };

  test('asks for a login first, and comes back', async () => {
    await open();
    await page.getByLabel('Username').fill(org().username);
    await page.getByLabel('Password').fill(org().password);
    await checked();
    await press('Log In');
    assert.equal(await heading(), 'Install HubSpot Integration');
    await checked();
  });

  test('for administrators only: the box for other sites must be ticked', async () => {
    await open();
    assert.equal(await page.getByLabel('Install for Admins Only').isChecked(), true);
    await press('Install');
    const dialog = page.getByRole('dialog', { name: 'Approve Third-Party Access' });
    assert.match(await dialog.innerText(), /api\.hubapi\.com/);
    await checked();
    const box = dialog.getByRole('checkbox');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    assert.equal(await box.evaluate((own) => own.validity.valid), false, 'the browser holds the form back');
    assert.deepEqual(await requests(), []);
    await box.check();
    await press('Continue');
    assert.match(await page.getByRole('status').innerText(), /Installation Complete!/);
    await checked();
    await press('Done');
    assert.equal(await heading(), 'Installed Packages');
    assert.equal(await page.getByRole('row').filter({ hasText: 'HubSpot Integration' }).count(), 1);
    await checked();
    assert.deepEqual(await requests(), [['None', true, 'SUCCESS']]);
  });

  test('a person can change their mind before anything happens', async () => {
    await open();
    await press('Install');
    await landing(page, () => page.getByRole('link', { name: 'Cancel' }).click());
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.equal((await requests()).length, 1);
  });

  test('for all users, when it takes a long time', async () => {
    await control('settings', { package_install: { seconds: 600, outcome: 'ok' } });
    await control('clock', { freeze: true });
    await open();
    await page.getByLabel('Install for All Users').check();
    await press('Install');
    await page.getByRole('checkbox').check();
    await press('Continue');
    assert.match(await page.getByRole('status').innerText(), /This app is taking a long time to install/);
    await checked();
    assert.deepEqual((await requests()).at(-1), ['Full', true, 'IN_PROGRESS']);
    await control('clock', { advance_ms: 600_000 });
    assert.deepEqual((await requests()).at(-1), ['Full', true, 'SUCCESS']);
    await page.goto(`${org().login_url}/_sim/console/mails`);
    assert.match(await page.locator('main').innerText(), /HubSpot Integration Install Successful/);
    await checked();
  });

  test('a short wait shows itself, and ends by itself', async () => {
    await control('settings', { package_install: { seconds: 5, outcome: 'ok' } });
    await open();
    await press('Install');
    await page.getByRole('checkbox').check();
    await press('Continue');
    assert.match(await page.getByRole('status').innerText(), /Installing and granting access/);
    await control('clock', { advance_ms: 5_000 });
    await page.getByText('Installation Complete!').waitFor();
  });

  test('for specific profiles, which are named', async () => {
    await control('settings', { package_install: { seconds: 0, outcome: 'ok' } });
    await open();
    const choice = page.getByLabel('Access of System Administrator');
    assert.equal(await choice.isVisible(), false, 'only where it matters');
    await page.getByLabel('Install for Specific Profiles...').check();
    await choice.selectOption({ label: 'Full Access' });
    await checked();
    await press('Install');
    await page.getByRole('checkbox').check();
    await press('Continue');
    assert.match(await page.getByRole('status').innerText(), /Installation Complete!/);
    const { records } = await tooling('SELECT SecurityType, ProfileMappings FROM PackageInstallRequest ORDER BY Id DESC LIMIT 1');
    assert.equal(records[0].SecurityType, 'Custom');
    assert.deepEqual(records[0].ProfileMappings, {
      profileMappings: [{ source: 'Full Access', target: 'System Administrator' }],
    });
  });

  test('an installation that fails says so', async () => {
    await control('settings', { package_install: { seconds: 0, outcome: 'fail' } });
    await open();
    await press('Install');
    await page.getByRole('checkbox').check();
    await press('Continue');
    assert.match(await page.getByRole('alert').innerText(), /Your installation failed/);
    await checked();
  });

  test('the package can be uninstalled again', async () => {
    await page.goto(`${org().login_url}/0A3`);
    await landing(page, () => page.getByRole('link', { name: 'Uninstall' }).click());
    await checked();
    await page.getByRole('checkbox').check();
    await press('Uninstall');
    assert.match(await page.locator('main').innerText(), /No packages are installed/);
    assert.deepEqual(surprises, []);
  });
});

describe('the embed window', () => {
  let window;
  const asked = [];
  before(async () => {
    window = createServer((request, response) => {
      asked.push(request.url);
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Window</title><main><h1>Here it is</h1></main>');
    });
    await new Promise((resolve) => window.listen(0, '127.0.0.1', resolve));
  });
  after(() => window?.close());

  test('stands in its place on the page of a record, and nowhere else', async () => {
    const address = `http://127.0.0.1:${window.address().port}/embed?object={object}&record={record}`;
    await control('settings', { embed: { url: address, secret: 'shared' } });
    const contact = await rest('/sobjects/Contact', { LastName: 'Framed' });
    const layout = await rest('/tooling/sobjects/Layout', {
      FullName: 'Contact-Tandem Layout',
      Metadata: {
        layoutSections: [{ layoutColumns: [{ layoutItems: [{ component: 'tandemEmbed' }] }], style: 'OneColumn', label: 'Tandem' }],
      },
    }).catch((error) => error);
    assert.ok(!(layout instanceof Error), String(layout));
    const { page, surprises, close } = await openPage(browser);
    await page.setViewportSize({ width: 375, height: 740 });
    await page.goto(`${org().login_url}/_sim/console/Contact/${contact.id}`);
    const frame = page.frameLocator('iframe.embed');
    assert.equal(await frame.getByRole('heading').innerText(), 'Here it is');
    const query = new URL(asked.at(-1), 'http://127.0.0.1').searchParams;
    assert.deepEqual([query.get('object'), query.get('record')], ['Contact', contact.id]);
    const payload = JSON.parse(Buffer.from(query.get('token').split('.')[0], 'base64url'));
    assert.deepEqual([payload.record, payload.user.slice(0, 3), payload.exp - payload.iat], [contact.id, '005', 300]);
    await assertAccessible(page);
    await assertFits(page);
    const account = await rest('/sobjects/Account', { Name: 'Unframed' });
    await page.goto(`${org().login_url}/_sim/console/Account/${account.id}`);
    assert.equal(await page.locator('iframe').count(), 0);
    assert.deepEqual(surprises, []);
    await close();
  });
});

test('no page of the consoles scrolls sideways on a phone', async () => {
  const { page, close } = await openPage(browser);
  await page.setViewportSize({ width: 375, height: 740 });
  const contact = await rest('/sobjects/Contact', { LastName: 'W'.repeat(80), Email: `${'e'.repeat(60)}@console.example` });
  const lead = await rest('/sobjects/Lead', { LastName: 'Convertible', Company: 'C'.repeat(120) });
  const onSalesforce = [
    '', '/Contact', '/Contact/new', `/Contact/${contact.id}`, `/Contact/${contact.id}/merge`, '/Account', '/Opportunity', '/Task',
    `/Lead/${lead.id}`, `/Lead/${lead.id}/convert`, '/bin', '/mails',
  ];
  for (const path of onSalesforce) {
    await page.goto(`${org().login_url}/_sim/console${path}`);
    await assertFits(page);
  }
  for (const path of ['', '/contacts', '/contacts/new', '/companies', '/deals', '/contacts?archived=true']) {
    await page.goto(`${program.ready.hubspot.base_url}/_sim/console${path}`);
    await assertFits(page);
  }
  await close();
});
