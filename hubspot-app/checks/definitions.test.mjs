// The project's definitions: as HubSpot's developer platform wants them, and what they name is there.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const project = read('hsproject.json');
const root = project.srcDir;
const definitions = readdirSync(root, { recursive: true })
  .filter((path) => path.endsWith('-hsmeta.json'))
  .map((path) => ({ path: join(root, path), ...read(join(root, path)) }));
const of = (type) => definitions.filter((one) => one.type === type);

test('the project is on a platform version that knows cards, webhooks and profiles', () => {
  assert.match(project.platformVersion, /^20\d\d\.\d{1,2}$/);
  assert.ok(project.platformVersion >= '2025.2');
});

test('every definition has a name of its own and lies where its kind belongs', () => {
  const ids = definitions.map(({ uid }) => uid);
  assert.equal(new Set(ids).size, ids.length);
  for (const { uid, type, path } of definitions) {
    assert.match(uid, /^[\w.-]{1,64}$/);
    const folder = { app: 'app', card: 'app/cards', webhooks: 'app/webhooks' }[type];
    assert.equal(join(path, '..'), join(root, folder), path);
  }
  assert.deepEqual(definitions.map(({ type }) => type).sort(), ['app', 'card', 'webhooks']);
});

test('the app is reached by OAuth at the address of the profile', () => {
  const [{ config }] = of('app');
  assert.equal(config.auth.type, 'oauth');
  for (const url of [...config.auth.redirectUrls, ...config.permittedUrls.fetch]) {
    assert.ok(url.startsWith('${TANDEM_URL}'), url);
  }
  const scopes = [...config.auth.requiredScopes, ...config.auth.optionalScopes];
  assert.equal(new Set(scopes).size, scopes.length, 'a scope is asked for once');
  assert.ok(config.auth.requiredScopes.includes('oauth'));
});

test('profiles give every variable that the definitions use', () => {
  const used = new Set(definitions.flatMap(({ path }) => readFileSync(path, 'utf8').match(/(?<=\$\{)\w+/g) ?? []));
  const { variables } = read(join(root, 'hsprofile.example.json'));
  assert.deepEqual(Object.keys(variables).sort(), [...used].sort());
});

test('cards are there and on records that are synced', () => {
  for (const { config } of of('card')) {
    assert.ok(existsSync(join(root, config.entrypoint)), config.entrypoint);
    assert.deepEqual(config.objectTypes, ['contacts', 'companies', 'deals']);
    assert.equal(config.location, 'crm.record.sidebar');
  }
});

test('webhooks tell of every life event once', () => {
  const [{ config }] = of('webhooks');
  assert.equal(config.settings.targetUrl, '${TANDEM_URL}/webhooks/hubspot');
  const told = config.subscriptions.crmObjects.map((one) =>
    [one.objectType, one.subscriptionType, one.propertyName].filter(Boolean).join(' '),
  );
  assert.equal(new Set(told).size, told.length);
  for (const object of ['contact', 'company', 'deal']) {
    for (const event of ['creation', 'deletion', 'restore', 'merge', 'associationChange']) {
      assert.ok(told.includes(`${object} object.${event}`), `${object} ${event}`);
    }
  }
});
