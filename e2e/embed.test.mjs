// The embed window, used where people meet it: on a record's page in the simulated org.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertAccessible, landing, launch, openPage } from './lib/browser.mjs';
import { eventually } from './lib/eventually.mjs';
import { start } from './lib/program.mjs';

const EMAIL = 'person.4@basalt-railways.example';

let demo;
let browser;
let org;
/** Where the contact's page is in the simulated org. */
let contact;
before(async () => {
  demo = await start(['demo', '--port', '0', '--json']);
  browser = await launch();
  org = await openPage(browser);
  await eventually('nothing left to look at', async () => {
    const status = await (await fetch(new URL('/api/status', demo.ready.url))).json();
    const due = status.marks.hubspot.due + status.marks.salesforce.due;
    const linked = status.links.reduce((sum, { links }) => sum + links, 0);
    return { holds: due === 0 && linked > 0, seen: JSON.stringify(status) };
  }, { within: 120_000 });
  await org.page.goto(`${demo.ready.salesforce_console}/Contact?q=${encodeURIComponent(EMAIL)}`);
  await landing(org.page, () => org.page.locator('table a').click());
  contact = org.page.url();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** The window on the contact's page, opened anew. */
async function openWindow({ page } = org) {
  await eventually('the embed window is on the page', async () => {
    await page.goto(contact);
    const seen = await page.locator('iframe.embed').count();
    return { holds: seen === 1, seen };
  });
  const frame = page.frameLocator('iframe.embed');
  await frame.getByRole('heading', { level: 1 }).waitFor();
  return frame;
}

const shows = async (frame, view) => {
  await frame.getByRole('button', { name: view, exact: true }).click();
  await frame.getByRole('heading', { level: 2, name: view }).waitFor();
};
const tokenOf = async ({ page }) => new URL(await page.locator('iframe.embed').getAttribute('src')).searchParams.get('token');
const opened = (token) => fetch(new URL(`/embed?token=${encodeURIComponent(token)}`, demo.ready.url));

test('the window shows how it stands with the record', async () => {
  const frame = await openWindow();
  await frame.getByText('In step with HubSpot').waitFor();
  await frame.getByText('Lifecycle Stage').waitFor();
  await frame.getByRole('button', { name: 'Sync now' }).click();
  await frame.getByText('The record is looked at now.').waitFor();
  const [link] = await frame.getByRole('link', { name: 'Open in HubSpot' }).all();
  const answer = await fetch(await link.getAttribute('href'));
  assert.equal(answer.status, 200);
  assert.ok((await answer.text()).includes(EMAIL));
});

test('a contact is enrolled in a sequence, which HubSpot then shows', async () => {
  const frame = await openWindow();
  await shows(frame, 'Enroll');
  await frame.getByLabel('Sequence').selectOption({ label: 'First contact' });
  await frame.getByRole('button', { name: 'Enroll in sequence' }).click();
  await frame.getByText(`Enrolled. Its emails go to ${EMAIL}.`).waitFor();
  await frame.getByText('Enrolled in the sequence First contact.').waitFor();
  // What HubSpot has against it is said in its words.
  await frame.getByRole('button', { name: 'Enroll in sequence' }).click();
  await frame.getByRole('alert').getByText('already enrolled').waitFor();
  const { page, close } = await openPage(browser);
  await page.goto(`${demo.ready.hubspot_console}/contacts?q=${encodeURIComponent(EMAIL)}`);
  await landing(page, () => page.locator('table a').click());
  await page.getByText('Nice to meet you').first().waitFor();
  await close();
});

test('the timeline shows the email that went out, and is filtered', async () => {
  const frame = await openWindow();
  const email = frame.getByRole('listitem').filter({ hasText: 'Nice to meet you' });
  await email.waitFor();
  await frame.getByRole('button', { name: 'Note', exact: true }).click();
  await frame.getByText('Nothing of this kind is on the timeline.').waitFor();
  assert.equal(await email.count(), 0);
  await frame.getByRole('button', { name: 'Email', exact: true }).click();
  await email.waitFor();
});

test('a contact is enrolled in a workflow', async () => {
  const frame = await openWindow();
  await shows(frame, 'Enroll');
  await frame.getByLabel('Workflow').selectOption({ label: 'Welcome new contacts' });
  await frame.getByRole('button', { name: 'Enroll in workflow' }).click();
  await frame.getByText('Enrolled in the workflow Welcome new contacts.').waitFor();
});

test('associations and the history of properties are shown', async () => {
  const frame = await openWindow();
  await shows(frame, 'Associations');
  await frame.getByRole('listitem').filter({ hasText: 'Company' }).first().waitFor();
  await shows(frame, 'Property history');
  await frame.getByRole('row').filter({ hasText: EMAIL }).first().waitFor();
});

test('the window can be used by everybody, and on a phone', async () => {
  const { page, surprises, close } = await openPage(browser);
  for (const view of ['Timeline', 'Associations', 'Property history', 'Enroll']) {
    await openWindow();
    await page.goto(`${new URL('/embed', demo.ready.url)}?token=${encodeURIComponent(await tokenOf(org))}`);
    await page.getByRole('button', { name: view, exact: true }).click();
    await page.getByRole('heading', { level: 2, name: view }).waitFor();
    await assertAccessible(page);
    await page.setViewportSize({ width: 320, height: 700 });
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(wide <= room, `${view} is ${wide} px wide in ${room}`);
    await page.setViewportSize({ width: 1280, height: 720 });
  }
  assert.deepEqual(surprises, []);
  await close();
});

test('a token opens one record only, in the frame of one org, and not for ever', async () => {
  await openWindow();
  const token = await tokenOf(org);
  const good = await opened(token);
  assert.equal(good.status, 200);
  const policy = good.headers.get('content-security-policy');
  assert.match(policy, new RegExp(`frame-ancestors ${new URL(demo.ready.salesforce_console).origin}$`));
  assert.equal(good.headers.get('set-cookie'), null);

  const [payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const other = Buffer.from(JSON.stringify({ ...claims, record: claims.record.replace(/.$/, 'X') })).toString('base64url');
  const later = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 3600 })).toString('base64url');
  for (const forged of [`${other}.${signature}`, `${later}.${signature}`, payload, '']) {
    const refused = await opened(forged);
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('content-security-policy'), /frame-ancestors 'none'$/);
    assert.ok(!(await refused.text()).includes(EMAIL));
  }
});

test('a token whose five minutes are over opens nothing', async () => {
  const clock = new URL('/_sim/clock', demo.ready.salesforce_console);
  const set = (now) => fetch(clock, { method: 'POST', body: JSON.stringify({ now }) });
  // Made ten minutes ago by the org's own clock, and genuine.
  await set(new Date(Date.now() - 600_000).toISOString());
  await openWindow();
  const expired = await opened(await tokenOf(org));
  await set(new Date().toISOString());
  assert.equal(expired.status, 403);
  const page = await expired.text();
  assert.ok(page.includes('has been open for long') && !page.includes(EMAIL), page);
  assert.equal((await opened(await openWindow().then(() => tokenOf(org)))).status, 200);
});
