// Who may come in: the first administrator, signing in, users, tokens, the audit; by keyboard, on a phone, and by everybody.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { assertAccessible, assertFits, landing, launch, openPage } from './lib/browser.mjs';
import { PASSWORD, comeIn, signIn as enter } from './lib/people.mjs';
import { start } from './lib/program.mjs';

const EMAIL = 'ada@tandem.example';

let folder;
let serve;
let browser;
let ada;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-'));
  serve = await start(['serve', '--json', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')]);
  browser = await launch();
  ada = await openPage(browser);
});
after(async () => {
  await browser?.close();
  await serve?.stop();
  await rm(folder, { recursive: true, force: true });
});

const at = (path) => new URL(path, serve.ready.url).href;
const press = (page, name) => landing(page, () => page.getByRole('button', { name, exact: true }).click());

const signIn = (page, email = EMAIL, password = PASSWORD) => enter(page, at('/'), email, password);

test('nobody sees anything before they sign in', async () => {
  const { page, close } = await openPage(browser);
  await page.goto(at('/users'));
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await assertAccessible(page);
  assert.equal((await fetch(at('/api/status'))).status, 401);
  await close();
});

test('whoever opens the link that was printed becomes the administrator', async () => {
  const { page } = ada;
  assert.match(serve.ready.administrator_link, /^http:\/\/127\.0\.0\.1:\d+\/welcome\/[\w-]{40,}$/);
  await page.goto(serve.ready.administrator_link);
  await assertAccessible(page);
  await comeIn(page, { name: 'Ada', email: EMAIL });
  await page.waitForURL(at('/setup'));
  await page.getByRole('link', { name: EMAIL }).waitFor();
  const again = await page.goto(serve.ready.administrator_link);
  assert.equal(again.status(), 404);
});

test('somebody who is invited comes in with a role of their own', async () => {
  const { page } = ada;
  await page.goto(at('/users'));
  await page.getByLabel('Email address').fill('otto@tandem.example');
  await page.getByLabel('Operator').check();
  await press(page, 'Invite somebody');
  const link = await page.locator('.once').innerText();
  await assertAccessible(page);
  const guest = await openPage(browser);
  await guest.page.goto(link);
  await comeIn(guest.page, { name: 'Otto' });
  const refused = await guest.page.goto(at('/users'));
  assert.equal(refused.status(), 403);
  await guest.page.getByText('Only administrators may do this').waitFor();
  assert.equal(await guest.page.getByRole('link', { name: 'Users' }).count(), 0);

  await page.goto(at('/users'));
  const row = page.getByRole('row').filter({ hasText: 'otto@tandem.example' });
  await landing(page, () => row.getByRole('button', { name: 'Disable' }).click());
  await page.getByText('The user is changed.').waitFor();
  await guest.page.goto(at('/'));
  assert.equal(new URL(guest.page.url()).pathname, '/sign-in', 'at once');
  await guest.close();
});

test('a token opens the API until it is revoked', async () => {
  const { page } = ada;
  await page.goto(at('/tokens'));
  await page.getByLabel('What it is for').fill('dashboard');
  await page.getByLabel('Scope').selectOption('viewer');
  await press(page, 'Make a token');
  const token = await page.locator('.once').innerText();
  const ask = (path) => fetch(at(path), { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await (await ask('/api/v1/me')).json()).role, 'viewer');
  const refused = await ask('/api/v1/users');
  assert.deepEqual([refused.status, refused.headers.get('content-type')], [403, 'application/problem+json']);
  await page.goto(at('/tokens'));
  assert.equal(await page.getByText(token).count(), 0, 'it is not shown again');
  await landing(page, () => page.getByRole('button', { name: 'Revoke the token “dashboard”' }).click());
  assert.equal((await ask('/api/v1/me')).status, 401);
});

test('the audit tells who did all this', async () => {
  const { page } = ada;
  await page.goto(at('/audit'));
  for (const what of ['invited a user', 'changed a user', 'made an API token', 'revoked an API token']) {
    const row = page.getByRole('row').filter({ hasText: what });
    assert.ok((await row.first().innerText()).includes(EMAIL), what);
  }
});

test('signing in needs nothing but a keyboard', async () => {
  const { page, close } = await openPage(browser);
  await page.goto(at('/sign-in'));
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  const focused = () => page.evaluate(() => document.activeElement.id);
  while ((await focused()) !== 'email') await page.keyboard.press('Tab');
  await page.keyboard.type(EMAIL);
  await page.keyboard.press('Tab');
  await page.keyboard.type('a wrong password');
  await landing(page, () => page.keyboard.press('Enter'));
  await page.getByRole('alert').waitFor();
  await assertAccessible(page);
  while ((await focused()) !== 'password') await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(at('/setup'));
  await close();
});

test('a changed password signs out everywhere else', async () => {
  const elsewhere = await openPage(browser);
  await signIn(elsewhere.page);
  const { page } = ada;
  await page.goto(at('/account'));
  const fresh = 'eight loud tricycles';
  await page.getByLabel('Current password').fill(PASSWORD);
  await page.getByLabel('New password', { exact: true }).fill(fresh);
  await page.getByLabel('New password, once more').fill(fresh);
  await press(page, 'Change the password');
  await page.getByText('The password is changed.').waitFor();
  await elsewhere.page.goto(at('/'));
  assert.equal(new URL(elsewhere.page.url()).pathname, '/sign-in');
  await signIn(elsewhere.page, EMAIL, fresh);
  await elsewhere.page.waitForURL(at('/setup'));
  await elsewhere.close();
});

test('every page can be used by everybody, on a phone, in both languages, light and dark', async () => {
  const { page, surprises } = ada;
  const paths = ['/', '/users', '/tokens', '/audit', '/account', '/nowhere'];
  for (const [language, scheme] of [['English', 'light'], ['繁體中文', 'dark']]) {
    await page.goto(at('/'));
    await press(page, language);
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: 375, height: 812 });
    for (const path of paths) {
      await page.goto(at(path));
      await assertAccessible(page);
      await assertFits(page);
    }
  }
  assert.deepEqual(surprises, []);
});
