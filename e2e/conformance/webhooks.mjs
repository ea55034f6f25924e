import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Client, Signature } from '@hubspot/api-client';

import { eventually } from '../lib/eventually.mjs';

/** Checks the webhooks of the account that `access` describes once the tests run. */
export function webhooksConform(access) {
  const received = [];
  let receiver;
  let targetUrl;
  before(async () => {
    receiver = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      received.push({ headers: request.headers, body });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    targetUrl = `http://127.0.0.1:${receiver.address().port}/hubspot?a=b`;
  });
  after(() => receiver.close());

  test('subscriptions are made with the library, and what is sent carries signatures that it finds valid', async () => {
    const { base_url: basePath, token: accessToken, app_id: app, developer_key: developerApiKey } = access();
    const developer = new Client({ basePath, developerApiKey }).webhooks;
    await developer.settingsApi.configure(app, { targetUrl, throttling: { maxConcurrentRequests: 10 } });
    for (const wish of [{ eventType: 'contact.creation' }, { eventType: 'contact.propertyChange', propertyName: 'city' }]) {
      await developer.subscriptionsApi.create(app, { ...wish, active: true });
    }
    assert.equal((await developer.subscriptionsApi.getAll(app)).results.length, 2);

    const { contacts } = new Client({ basePath, accessToken }).crm;
    const made = await contacts.basicApi.create({ properties: { email: 'hook@hubspot.example' }, associations: [] });
    await contacts.basicApi.update(made.id, { properties: { city: 'Gent' } });
    const events = await eventually('both events arrive', () => {
      const events = received.flatMap(({ body }) => JSON.parse(body));
      const kinds = new Set(events.map(({ subscriptionType }) => subscriptionType));
      return { holds: kinds.size === 2, value: events, seen: JSON.stringify(events) };
    }, { within: 20_000, every: 100 });
    const change = events.find(({ subscriptionType }) => subscriptionType === 'contact.propertyChange');
    assert.deepEqual(
      [change.objectId, change.propertyName, change.propertyValue, change.portalId, change.appId, change.attemptNumber],
      [Number(made.id), 'city', 'Gent', access().account_id, app, 0],
    );

    for (const { headers, body: requestBody } of received) {
      const { client_secret: clientSecret } = access();
      const timestamp = Number(headers['x-hubspot-request-timestamp']);
      const version = headers['x-hubspot-signature-version'];
      const signed = { clientSecret, requestBody, url: targetUrl, method: 'POST', timestamp };
      assert.ok(Signature.isValid({ ...signed, signature: headers['x-hubspot-signature'], signatureVersion: version }));
      const v3 = { ...signed, signature: headers['x-hubspot-signature-v3'], signatureVersion: 'v3' };
      assert.ok(Signature.isValid(v3));
      assert.ok(!Signature.isValid({ ...v3, requestBody: requestBody.replace('Gent', 'Luik') + ' ' }));
    }
  });
}
