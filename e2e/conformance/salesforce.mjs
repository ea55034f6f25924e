import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { Connection, OAuth2 } from 'jsforce';

// jsforce's own default is a version of 2021; current apps name a current one.
const version = '62.0';

/** Checks the org that `access` describes once the tests run. */
export function salesforceConforms(access) {
  let org;
  before(() => {
    const { instance_url: instanceUrl, access_token: accessToken } = access();
    org = new Connection({ instanceUrl, accessToken, version });
  });
  const app = () =>
    new OAuth2({
      loginUrl: access().login_url,
      clientId: access().client_id,
      clientSecret: access().client_secret,
      redirectUri: 'http://localhost/callback',
    });

  test('a contact is created, retrieved, updated and destroyed', async () => {
    const contacts = org.sobject('Contact');
    const made = await contacts.create({ FirstName: 'Ada', LastName: 'Lovelace', Email: 'ada@org.example' });
    assert.equal(made.success, true);
    assert.equal(made.id.length, 18);

    const read = await contacts.retrieve(made.id);
    assert.equal(read.Name, 'Ada Lovelace');
    assert.equal(read.Title, null);
    assert.equal(read.attributes.type, 'Contact');

    assert.equal((await contacts.update({ Id: made.id, Title: 'Countess' })).success, true);
    assert.equal((await contacts.retrieve(made.id)).Title, 'Countess');

    assert.equal((await contacts.destroy(made.id)).success, true);
    await assert.rejects(contacts.retrieve(made.id), { errorCode: /^(NOT_FOUND|ENTITY_IS_DELETED)$/ });
  });

  test('what the platform refuses is told by its code', async () => {
    await assert.rejects(org.sobject('Contact').create({ FirstName: 'Nameless' }), {
      errorCode: 'REQUIRED_FIELD_MISSING',
    });
    await assert.rejects(org.sobject('Contact').create({ LastName: 'X', Email: 'nonsense' }), {
      errorCode: 'INVALID_EMAIL_ADDRESS',
    });
    await assert.rejects(org.query('SELECT Nothing FROM Contact'), { errorCode: 'INVALID_FIELD' });
    await assert.rejects(org.query('SELECT Id FROM'), { errorCode: 'MALFORMED_QUERY' });
    await assert.rejects(org.sobject('Nothing__c').describe(), { errorCode: 'NOT_FOUND' });
  });

  test('a record is upserted by an external id', async () => {
    const field = await org.tooling.sobject('CustomField').create({
      FullName: 'Account.Number_Elsewhere__c',
      Metadata: { type: 'Text', label: 'Number elsewhere', length: 40, externalId: true, unique: true },
    });
    assert.equal(field.success, true);
    const { records: [profile] } = await org.query('SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true');
    const granted = await org.sobject('FieldPermissions').create({
      ParentId: profile.Id,
      SobjectType: 'Account',
      Field: 'Account.Number_Elsewhere__c',
      PermissionsRead: true,
      PermissionsEdit: true,
    });
    assert.equal(granted.success, true);
    const accounts = org.sobject('Account');
    const first = await accounts.upsert({ Number_Elsewhere__c: 'E 1', Name: 'First' }, 'Number_Elsewhere__c');
    assert.equal(first.created, true);
    const second = await accounts.upsert({ Number_Elsewhere__c: 'E 1', Name: 'Second' }, 'Number_Elsewhere__c');
    assert.notEqual(second.created, true);
    const { records } = await org.query("SELECT Id, Name FROM Account WHERE Number_Elsewhere__c = 'E 1'");
    assert.deepEqual(records.map(({ Id, Name }) => [Id, Name]), [[first.id, 'Second']]);
  });

  test('a collection is written in one call, and each row has its own outcome', async () => {
    const contacts = org.sobject('Contact');
    const rows = [{ LastName: 'Row 1' }, { FirstName: 'no last name' }, { LastName: 'Row 3' }];
    const made = await contacts.create(rows);
    assert.deepEqual(made.map(({ success }) => success), [true, false, true]);
    assert.equal(made[1].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
    const ids = [made[0].id, made[2].id];

    const updated = await contacts.update(ids.map((Id) => ({ Id, Title: 'Row' })));
    assert.deepEqual(updated.map(({ success }) => success), [true, true]);
    const read = await contacts.retrieve(ids);
    assert.deepEqual(read.map(({ Title }) => Title), ['Row', 'Row']);

    const all = await contacts.create([{ LastName: 'Kept out' }, { FirstName: 'spoils it' }], { allOrNone: true });
    assert.ok(all.every(({ success }) => !success));
    assert.equal((await org.query("SELECT Id FROM Contact WHERE LastName = 'Kept out'")).totalSize, 0);

    const gone = await contacts.destroy(ids);
    assert.deepEqual(gone.map(({ success }) => success), [true, true]);
  });

  test('a query of more than 5,000 rows comes in pages, and all rows come once', async () => {
    const rows = Array.from({ length: 5_150 }, (_, n) => ({ LastName: `Paged ${n}`, Department: 'Paged' }));
    const made = await org.sobject('Contact').create(rows, { allowRecursive: true });
    assert.equal(made.filter(({ success }) => success).length, rows.length);

    const soql = "SELECT Id, LastName FROM Contact WHERE Department = 'Paged' ORDER BY Id";
    const first = await org.query(soql);
    assert.equal(first.totalSize, 5_150);
    assert.equal(first.records.length, 2_000);
    assert.equal(first.done, false);
    const second = await org.queryMore(first.nextRecordsUrl);
    const third = await org.queryMore(second.nextRecordsUrl);
    assert.deepEqual([second.done, third.done], [false, true]);
    const ids = new Set([...first.records, ...second.records, ...third.records].map(({ Id }) => Id));
    assert.equal(ids.size, 5_150);

    const fetched = await org.query(soql, { autoFetch: true, maxFetch: 10_000 });
    assert.equal(fetched.records.length, 5_150);
    assert.equal((await org.query("SELECT COUNT() FROM Contact WHERE Department = 'Paged'")).totalSize, 5_150);
  });

  test('a query built by the library reaches over to the parent', async () => {
    const account = await org.sobject('Account').create({ Name: "O'Hara & Sons" });
    await org.sobject('Contact').create({ LastName: 'Child', AccountId: account.id });
    const found = await org
      .sobject('Contact')
      .find({ 'Account.Name': "O'Hara & Sons" }, ['Id', 'LastName', 'Account.Name'])
      .sort({ LastName: 1 })
      .limit(5);
    assert.deepEqual(found.map(({ Account, LastName }) => [Account.Name, LastName]), [["O'Hara & Sons", 'Child']]);
  });

  test('objects and the org describe themselves', async () => {
    const described = await org.sobject('Contact').describe();
    const field = (name) => described.fields.find((field) => field.name === name);
    assert.equal(described.keyPrefix, '003');
    assert.equal(field('Email').type, 'email');
    assert.deepEqual(field('AccountId').referenceTo, ['Account']);
    assert.equal(field('LastName').nillable, false);
    const { sobjects } = await org.describeGlobal();
    for (const name of ['Account', 'Contact', 'Lead', 'Opportunity', 'Task', 'User']) {
      assert.ok(sobjects.some((sobject) => sobject.name === name), name);
    }
    const limits = await org.limits();
    assert.ok(limits.DailyApiRequests.Remaining <= limits.DailyApiRequests.Max);
    assert.ok(org.limitInfo.apiUsage.used > 0);
  });

  test('deleted records are found where all are asked for', async () => {
    const made = await org.sobject('Contact').create({ LastName: 'Short-lived' });
    await org.sobject('Contact').destroy(made.id);
    const soql = "SELECT Id, IsDeleted FROM Contact WHERE LastName = 'Short-lived'";
    assert.equal((await org.query(soql)).totalSize, 0);
    const all = await org.query(soql, { scanAll: true });
    assert.deepEqual(all.records.map(({ Id, IsDeleted }) => [Id, IsDeleted]), [[made.id, true]]);
  });

  test('several calls go as one and refer to each other', async () => {
    const base = `/services/data/v${version}/sobjects`;
    const { compositeResponse } = await org.requestPost('/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: `${base}/Account`, referenceId: 'firm', body: { Name: 'Composite' } },
        {
          method: 'POST', url: `${base}/Contact`, referenceId: 'person',
          body: { LastName: 'Composed', AccountId: '@{firm.id}' },
        },
        { method: 'GET', url: `${base}/Contact/@{person.id}?fields=LastName,AccountId`, referenceId: 'read' },
      ],
    });
    assert.deepEqual(compositeResponse.map(({ httpStatusCode }) => httpStatusCode), [201, 201, 200]);
    assert.equal(compositeResponse[2].body.AccountId, compositeResponse[0].body.id);
  });

  test('Bulk API 2.0 takes 50,000 rows and gives them back', async () => {
    const department = 'Bulk 2, "quoted"\nand broken';
    const rows = Array.from({ length: 50_000 }, (_, n) => ({ LastName: `Bulk2 ${n}`, Department: department }));
    const done = await org.bulk2.loadAndWaitForResults({
      object: 'Contact', operation: 'insert', input: rows, pollInterval: 200, pollTimeout: 60_000,
    });
    assert.equal(done.successfulResults.length, 50_000);
    assert.equal(done.failedResults.length + done.unprocessedRecords.length, 0);
    assert.match(done.successfulResults[0].sf__Id, /^003/);

    const ids = new Set();
    const stream = await org.bulk2.query(
      "SELECT Id, Department FROM Contact WHERE LastName LIKE 'Bulk2 %'", { pollInterval: 200, pollTimeout: 60_000 },
    );
    for await (const row of stream) {
      ids.add(row.Id);
      if (row.Department !== department) assert.fail(JSON.stringify(row));
    }
    assert.equal(ids.size, 50_000);
  });

  test('Bulk API 2.0 says which rows failed and why', async () => {
    const done = await org.bulk2.loadAndWaitForResults({
      object: 'Contact', operation: 'insert', input: [{ FirstName: 'Nobody', LastName: '' }, { FirstName: 'Some', LastName: 'Body' }],
      pollInterval: 200, pollTimeout: 60_000,
    });
    assert.deepEqual([done.successfulResults.length, done.failedResults.length], [1, 1]);
    assert.match(done.failedResults[0].sf__Error, /REQUIRED_FIELD_MISSING/);
  });

  test('Bulk API 1.0 takes and gives rows', async () => {
    org.bulk.pollInterval = 200;
    org.bulk.pollTimeout = 60_000;
    const rows = Array.from({ length: 300 }, (_, n) => ({ LastName: `Bulk1 ${n}` }));
    const done = await org.bulk.load('Contact', 'insert', rows);
    assert.equal(done.filter(({ success }) => success).length, 300);
    const found = [];
    for await (const row of await org.bulk.query("SELECT Id FROM Contact WHERE LastName LIKE 'Bulk1 %'")) found.push(row);
    assert.equal(found.length, 300);
  });

  test('a user name and a password get in over SOAP', async () => {
    const { login_url: loginUrl, username, password, org_id: orgId } = access();
    const session = new Connection({ loginUrl, version });
    const who = await session.login(username, password);
    assert.equal(who.organizationId, orgId);
    assert.equal((await session.query('SELECT Id FROM Organization')).totalSize, 1);
    await assert.rejects(new Connection({ loginUrl, version }).login(username, 'wrong'), /INVALID_LOGIN/);
  });

  test('a code from the login page buys a session', async () => {
    const { session, tokens } = await logIn();
    assert.ok(tokens.refreshToken);
    assert.equal(tokens.organizationId, access().org_id);
    const who = await session.identity();
    assert.equal(who.username, access().username);
    assert.equal(who.organization_id, access().org_id);
  });

  test('an ended session is renewed by its refresh token, and the call succeeds', async () => {
    const { session } = await logIn();
    const renewed = [];
    session.on('refresh', (token) => renewed.push(token));
    await app().revokeToken(session.accessToken);
    assert.ok((await session.query('SELECT Id FROM Organization')).totalSize === 1);
    assert.deepEqual(renewed, [session.accessToken]);
  });

  test('an ended session that cannot be renewed is turned away', async () => {
    const { session } = await logIn();
    await app().revokeToken(session.accessToken);
    const bare = new Connection({ instanceUrl: access().instance_url, accessToken: session.accessToken, version });
    await assert.rejects(bare.query('SELECT Id FROM Contact'), { errorCode: 'INVALID_SESSION_ID' });
  });

  test('an app gets in by its own credentials', async () => {
    const session = new Connection({ oauth2: app(), loginUrl: access().login_url, version });
    await session.authorize({ grant_type: 'client_credentials' });
    assert.equal((await session.query('SELECT Id FROM Organization')).totalSize, 1);
  });

  /** Logs in as a person does in the browser. */
  async function logIn() {
    const oauth2 = app();
    const asked = new URL(oauth2.getAuthorizationUrl({ scope: 'api id refresh_token', state: 'here' }));
    assert.equal((await fetch(asked)).status, 200);
    const body = new URLSearchParams(asked.searchParams);
    body.set('username', access().username);
    body.set('password', access().password);
    body.set('decision', 'allow');
    const sent = await fetch(new URL(asked.pathname, asked), { method: 'POST', body, redirect: 'manual' });
    const back = new URL(sent.headers.get('location'));
    assert.equal(back.searchParams.get('state'), 'here');
    const session = new Connection({ oauth2, loginUrl: access().login_url, version });
    await session.authorize(back.searchParams.get('code'));
    return { session, tokens: { refreshToken: session.refreshToken, organizationId: session.userInfo.organizationId } };
  }
}
