// A person looks at records and edits them on the simulators' own pages.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { assertAccessible, landing, launch, openPage } from './lib/browser.mjs';
import { startSimulators } from './lib/program.mjs';

// Closes an attribute and an element, then does what a page must never do with a value.
const MARKUP = `"><script>alert(1)</script><img src=x onerror="alert(2)">'&amp;`;

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

const consoles = [
  {
    name: 'HubSpot',
    url: () => `${program.ready.hubspot.base_url}/_sim/console`,
    object: 'contacts',
    others: ['companies', 'deals'],
    create: 'Create contact',
    fields: { email: 'email', first: 'firstname', last: 'lastname', title: 'jobtitle' },
    badEmail: 400,
  },
  {
    name: 'Salesforce',
    url: () => `${program.ready.salesforce.login_url}/_sim/console`,
    object: 'Contact',
    others: ['Account', 'Opportunity'],
    create: 'New contact',
    fields: { email: 'Email', first: 'FirstName', last: 'LastName', title: 'Title' },
    badEmail: 200,
  },
];

for (const { name, url, object, others, create, fields, badEmail } of consoles) {
  describe(`the ${name} console`, () => {
    let page;
    let surprises;
    let close;
    before(async () => ({ page, surprises, close } = await openPage(browser)));
    after(() => close?.());

    const list = () => page.goto(`${url()}/${object}`);
    const input = (field) => page.locator(`[name="${fields[field]}"]`);
    const fill = async (values) => {
      for (const [field, value] of Object.entries(values)) await input(field).fill(value);
    };
    const press = (button) => landing(page, () => page.getByRole('button', { name: button, exact: true }).click());
    const follow = (text) => landing(page, () => page.getByRole('link', { name: text }).first().click());
    const row = (text) => page.getByRole('row').filter({ hasText: text });

    test('the first page leads to every kind of record', async () => {
      await page.goto(url());
      await assertAccessible(page);
      for (const kind of [object, ...others]) {
        assert.ok(await page.locator(`a[href="/_sim/console/${kind}"]`).count(), `a link to ${kind}`);
      }
    });

    test('a person creates a record and finds it in the list', async () => {
      await list();
      await follow(create);
      await assertAccessible(page);
      await fill({ email: 'ada@console.example', first: 'Ada', last: 'Byron', title: 'Analyst' });
      const made = await press('Create');
      assert.equal(made.status(), 200);
      assert.equal(await input('title').inputValue(), 'Analyst');
      await assertAccessible(page);
      await list();
      assert.equal(await row('ada@console.example').count(), 1);
      await assertAccessible(page);
    });

    test('a search shows what fits and nothing else', async () => {
      await list();
      await follow(create);
      await fill({ email: 'bo@console.example', first: 'Bo', last: 'Ek' });
      await press('Create');
      await list();
      await page.getByLabel('Search').fill('ada@console');
      await press('Search');
      assert.equal(await row('ada@console.example').count(), 1);
      assert.equal(await row('bo@console.example').count(), 0);
    });

    test('a person opens a record from the list, edits it, and sees the edit', async () => {
      await list();
      await follow('Ada Byron');
      await fill({ title: 'Countess' });
      await press('Save');
      assert.equal(await input('title').inputValue(), 'Countess');
      assert.equal(await input('first').inputValue(), 'Ada');
      await fill({ title: '' });
      await press('Save');
      assert.equal(await input('title').inputValue(), '');
    });

    test('what the platform refuses is said, and nothing is written', async () => {
      await list();
      await follow('Ada Byron');
      await fill({ email: 'not an address' });
      const refused = await press('Save');
      assert.equal(refused.status(), badEmail);
      assert.match(await page.getByRole('alert').innerText(), /email/i);
      await assertAccessible(page);
      await list();
      assert.equal(await row('ada@console.example').count(), 1);
    });

    test('markup in a value is shown as text', async () => {
      await list();
      await follow(create);
      await fill({ email: 'markup@console.example', last: MARKUP.slice(0, 70), title: MARKUP });
      await press('Create');
      assert.equal(await input('title').inputValue(), MARKUP);
      assert.ok((await page.locator('h1').innerText()).includes('<script>alert(1)</script>'));
      await list();
      assert.ok((await row('markup@console.example').innerText()).includes('<script>alert(1)</script>'));
      await page.goto(`${url()}/${object}?q=${encodeURIComponent(MARKUP)}`);
      assert.equal(await page.getByLabel('Search').inputValue(), name === 'HubSpot' ? MARKUP : MARKUP.toLowerCase());
      assert.equal(await page.locator('main script, main img').count(), 0);
      assert.deepEqual(surprises, []);
    });

    test('a deleted record is gone from the list', async () => {
      await list();
      await follow('Ada Byron');
      await press('Delete');
      await list();
      assert.equal(await row('ada@console.example').count(), 0);
      assert.equal(await row('bo@console.example').count(), 1);
    });

    test('a record that does not exist is not found', async () => {
      const missing = await page.goto(`${url()}/${object}/999999999999`);
      assert.equal(missing.status(), 404);
      await assertAccessible(page);
    });
  });
}

test('a record deleted in HubSpot can be restored', async () => {
  const { page, close } = await openPage(browser);
  await page.goto(`${program.ready.hubspot.base_url}/_sim/console/contacts?archived=true`);
  await landing(page, () => page.getByRole('link', { name: 'Ada Byron' }).click());
  await landing(page, () => page.getByRole('button', { name: 'Restore' }).click());
  await page.goto(`${program.ready.hubspot.base_url}/_sim/console/contacts`);
  assert.equal(await page.getByRole('row').filter({ hasText: 'ada@console.example' }).count(), 1);
  await close();
});
