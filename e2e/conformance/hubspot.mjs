import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { Client } from '@hubspot/api-client';

/** Checks the account that `access` describes once the tests run. */
export function hubspotConforms(access) {
  let client;
  let contacts;
  before(() => {
    const { base_url: basePath, token: accessToken } = access();
    client = new Client({ basePath, accessToken });
    contacts = client.crm.contacts;
  });
  const create = (properties) => contacts.basicApi.create({ properties, associations: [] });
  const rejectedWith = (code, category) => (error) => {
    assert.equal(error.code, code);
    assert.equal(error.body.status, 'error');
    assert.equal(error.body.category, category);
    assert.ok(error.body.correlationId);
    return true;
  };

  test('a contact is created, read, updated and archived', async () => {
    const made = await create({ email: 'ada@hubspot.example', firstname: 'Ada', lastname: 'Lovelace' });
    assert.ok(made.createdAt instanceof Date);
    assert.equal(made.archived, false);

    const read = await contacts.basicApi.getById(made.id, ['email', 'jobtitle'], ['firstname']);
    assert.equal(read.properties.email, 'ada@hubspot.example');
    assert.equal(read.properties.jobtitle, null);
    assert.deepEqual(read.propertiesWithHistory.firstname.map(({ value }) => value), ['Ada']);

    const updated = await contacts.basicApi.update(made.id, { properties: { jobtitle: 'Countess' } });
    assert.equal(updated.properties.jobtitle, 'Countess');
    assert.ok(updated.updatedAt >= made.updatedAt);

    await contacts.basicApi.archive(made.id);
    await assert.rejects(contacts.basicApi.getById(made.id), { code: 404 });
    const archived = await contacts.basicApi.getById(made.id, undefined, undefined, undefined, true);
    assert.equal(archived.archived, true);
    assert.ok(archived.archivedAt instanceof Date);
  });

  test('a contact is read by its email', async () => {
    const made = await create({ email: 'by-email@hubspot.example' });
    const read = await contacts.basicApi.getById(
      'by-email@hubspot.example', ['email'], undefined, undefined, false, 'email',
    );
    assert.equal(read.id, made.id);
  });

  test('a second contact with the same email is a conflict that names the first', async () => {
    const first = await create({ email: 'twice@hubspot.example' });
    await assert.rejects(create({ email: 'TWICE@hubspot.example' }), (error) => {
      rejectedWith(409, 'CONFLICT')(error);
      assert.ok(error.body.message.includes(first.id), error.body.message);
      return true;
    });
  });

  test('what is not there is not found, and what is unknown is refused', async () => {
    // The platform gives a single read that finds nothing no category.
    await assert.rejects(contacts.basicApi.getById('999999999'), rejectedWith(404));
    await assert.rejects(create({ no_such_property: 'x' }), rejectedWith(400, 'VALIDATION_ERROR'));
  });

  test('a wrong token is turned away', async () => {
    const stranger = new Client({ basePath: access().base_url, accessToken: 'nobody' });
    await assert.rejects(stranger.crm.contacts.basicApi.getPage(), { code: 401 });
  });

  test('a search filters, sorts and pages', async () => {
    const inputs = ['a', 'b', 'c', 'd', 'e'].map((letter) => ({
      properties: { email: `${letter}@search.example`, lastname: 'Searched', jobtitle: letter },
      associations: [],
    }));
    await contacts.batchApi.create({ inputs });
    const ask = (afterCursor) =>
      contacts.searchApi.doSearch({
        filterGroups: [
          {
            filters: [
              { propertyName: 'lastname', operator: 'EQ', value: 'Searched' },
              { propertyName: 'jobtitle', operator: 'IN', values: ['b', 'c', 'd', 'e'] },
            ],
          },
        ],
        sorts: ['-jobtitle'],
        properties: ['jobtitle'],
        limit: 3,
        after: afterCursor,
      });
    const first = await ask();
    assert.equal(first.total, 4);
    assert.deepEqual(first.results.map(({ properties }) => properties.jobtitle), ['e', 'd', 'c']);
    const second = await ask(first.paging.next.after);
    assert.deepEqual(second.results.map(({ properties }) => properties.jobtitle), ['b']);
    assert.equal(second.paging?.next, undefined);
  });

  test('a list is read to its end, page by page', async () => {
    const all = await contacts.getAll(2, undefined, ['email']);
    const page = await contacts.basicApi.getPage(100);
    assert.equal(all.length, page.results.length);
    assert.ok(all.length > 4);
  });

  test('a batch is created, read, updated, upserted and archived', async () => {
    const inputs = [1, 2, 3].map((n) => ({
      properties: { email: `${n}@batch.example` },
      associations: [],
    }));
    const made = await contacts.batchApi.create({ inputs });
    assert.equal(made.status, 'COMPLETE');
    const ids = made.results.map(({ id }) => ({ id }));
    assert.equal(ids.length, 3);

    const read = await contacts.batchApi.read({
      inputs: [...ids, { id: '999999999' }], properties: ['email'], propertiesWithHistory: [],
    });
    assert.equal(read.results.length, 3);
    assert.equal(read.numErrors, 1);
    assert.equal(read.errors[0].category, 'OBJECT_NOT_FOUND');

    const updated = await contacts.batchApi.update({
      inputs: ids.map(({ id }) => ({ id, properties: { city: 'Gent' } })),
    });
    assert.deepEqual(updated.results.map(({ properties }) => properties.city), ['Gent', 'Gent', 'Gent']);

    const upserted = await contacts.batchApi.upsert({
      inputs: ['1@batch.example', 'new@batch.example'].map((email) => ({
        idProperty: 'email', id: email, properties: { email, city: 'Brugge' },
      })),
    });
    const isNew = (result) => result._new ?? result.new;
    assert.deepEqual(upserted.results.map(isNew).sort(), [false, true]);

    await contacts.batchApi.archive({ inputs: ids });
    const gone = await contacts.batchApi.read({ inputs: ids, properties: [], propertiesWithHistory: [] });
    assert.equal(gone.results.length, 0);
  });

  test('a contact and a company are associated, listed and parted', async () => {
    const person = await create({ email: 'linked@hubspot.example' });
    const firm = await client.crm.companies.basicApi.create({ properties: { name: 'Linked' }, associations: [] });
    const { v4 } = client.crm.associations;

    await v4.basicApi.createDefault('contacts', person.id, 'companies', firm.id);
    const page = await v4.basicApi.getPage('contacts', person.id, 'companies');
    assert.deepEqual(page.results.map(({ toObjectId }) => String(toObjectId)), [firm.id]);
    assert.ok(page.results[0].associationTypes.some(({ category }) => category === 'HUBSPOT_DEFINED'));

    const batch = await v4.batchApi.getPage('companies', 'contacts', { inputs: [{ id: firm.id }] });
    assert.deepEqual(batch.results[0].to.map(({ toObjectId }) => String(toObjectId)), [person.id]);

    const withLinks = await contacts.basicApi.getById(person.id, undefined, undefined, ['companies']);
    assert.equal(withLinks.associations.companies.results[0].id, firm.id);

    await v4.basicApi.archive('contacts', person.id, 'companies', firm.id);
    const after = await v4.basicApi.getPage('contacts', person.id, 'companies');
    assert.deepEqual(after.results, []);
  });

  test('a property is defined, used and archived', async () => {
    const { coreApi } = client.crm.properties;
    const made = await coreApi.create('contacts', {
      name: 'shoe_size', label: 'Shoe size', type: 'number', fieldType: 'number', groupName: 'contactinformation',
    });
    assert.equal(made.name, 'shoe_size');
    const all = await coreApi.getAll('contacts');
    assert.ok(all.results.some(({ name }) => name === 'shoe_size'));
    assert.ok(all.results.some(({ name, hubspotDefined }) => name === 'email' && hubspotDefined));

    const wearer = await create({ email: 'shoes@hubspot.example', shoe_size: '44' });
    assert.equal((await contacts.basicApi.getById(wearer.id, ['shoe_size'])).properties.shoe_size, '44');
    await assert.rejects(create({ shoe_size: 'large' }), rejectedWith(400, 'VALIDATION_ERROR'));

    await coreApi.archive('contacts', 'shoe_size');
    await assert.rejects(coreApi.getByName('contacts', 'shoe_size'), { code: 404 });
  });

  test('owners and pipelines are listed', async () => {
    const owners = await client.crm.owners.ownersApi.getPage();
    assert.ok(owners.results.length > 0);
    const one = await client.crm.owners.ownersApi.getById(Number(owners.results[0].id));
    assert.equal(one.email, owners.results[0].email);

    const pipelines = await client.crm.pipelines.pipelinesApi.getAll('deals');
    assert.ok(pipelines.results[0].stages.some(({ id }) => id === 'closedwon'));
  });

  test('consent is given, a code buys tokens, and they are refreshed', async () => {
    const { base_url, client_id, client_secret } = access();
    const redirect = 'http://localhost/callback';
    const asked = new URL(client.oauth.getAuthorizationUrl(client_id, redirect, 'crm.objects.contacts.read oauth'));
    const form = await fetch(`${base_url}/oauth/authorize${asked.search}`);
    assert.equal(form.status, 200);
    const body = new URLSearchParams(hiddenFields(await form.text()));
    body.set('decision', 'approve');
    const sent = await fetch(`${base_url}/oauth/authorize${asked.search}`, { method: 'POST', body, redirect: 'manual' });
    const code = new URL(sent.headers.get('location')).searchParams.get('code');

    const bought = await client.oauth.tokensApi.create('authorization_code', code, redirect, client_id, client_secret);
    const renewed = await client.oauth.tokensApi.create(
      'refresh_token', undefined, undefined, client_id, client_secret, bought.refreshToken,
    );
    const app = new Client({ basePath: base_url, accessToken: renewed.accessToken });
    assert.ok((await app.crm.contacts.basicApi.getPage(1)).results.length > 0);
    const about = await client.oauth.accessTokensApi.get(renewed.accessToken);
    assert.equal(about.hubId, access().account_id);
  });
}

/** What a consent page sends along unseen. */
const hiddenFields = (html) =>
  [...html.matchAll(/<input type="?hidden"? name="?([^"\s>]+)"? value="([^"]*)"/g)].map(([, name, value]) => [
    name,
    value.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  ]);
