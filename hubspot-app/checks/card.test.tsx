// The card, rendered by HubSpot's own test renderer.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Alert, Button, ErrorState, Link, LoadingSpinner, StatusTag } from '@hubspot/ui-extensions';
import { createRenderer } from '@hubspot/ui-extensions/testing';

import type { SyncState } from '../src/app/cards/tandem.ts';

// HubSpot's worker has these; the card registers itself with the one and asks Tandem through the other.
const worker = globalThis as unknown as {
  self: typeof globalThis;
  extend_V2: (card: unknown) => void;
  hsFetch: (url: string, options?: Asked) => Promise<Response>;
};
type Asked = { method?: string; body?: unknown };
worker.self = globalThis;
worker.extend_V2 = () => undefined;
const { SalesforceSync } = await import('../src/app/cards/SalesforceSync.tsx');
const { wordsIn } = await import('../src/app/cards/texts.ts');

const PLACE = { tandem: 'https://tandem.example', objectTypeId: '0-1', objectId: 42 };
const STATE: SyncState = {
  standing: 'in_step',
  salesforce: { object: 'Contact', id: '003', url: 'https://acme.lightning.force.com/lightning/r/Contact/003/view' },
  last_sync: '2026-11-24T10:00:00Z',
  waiting: false,
  problems: [],
};

let asked: { url: string; options?: Asked }[];
let said: string[];
const answerWith = (status: number, state: SyncState) => {
  worker.hsFetch = async (url, options) => {
    asked.push({ url, options });
    return new Response(JSON.stringify(state), { status });
  };
};
const show = (language?: string) => {
  const renderer = createRenderer('crm.record.sidebar');
  renderer.render(<SalesforceSync place={PLACE} language={language} say={(message: string) => said.push(message)} />);
  return renderer;
};

beforeEach(() => {
  asked = [];
  said = [];
  answerWith(200, STATE);
});

test('the record in Salesforce is linked', async () => {
  const { find, waitFor } = show();
  assert.ok(find(LoadingSpinner));
  await waitFor(() => assert.equal(find(StatusTag).text, 'In step with Salesforce'));
  assert.deepEqual(find(Link).props.href, { url: STATE.salesforce?.url, external: true });
  assert.equal(asked[0]?.url, 'https://tandem.example/card/hubspot?objectTypeId=0-1&objectId=42');
});

test('what could not be synced is told with what to do', async () => {
  const problem = { field: 'Phone', message: 'Too long.', remedy: 'Shorten it.', since: '2026-11-24T10:00:00Z' };
  answerWith(200, { ...STATE, problems: [problem] });
  const { find, waitFor } = show();
  await waitFor(() => assert.equal(find(Alert).props.title, 'Phone'));
  assert.match(find(Alert).text ?? '', /Too long\..*Shorten it\./s);
  assert.equal(find(StatusTag).props.variant, 'danger');
});

test('sync now asks Tandem to look at the record', async () => {
  const { find, waitFor } = show();
  await waitFor(() => assert.equal(find(Button).props.disabled, false));
  assert.equal(find(Button).text, 'Sync now');
  find(Button).trigger('onClick');
  await waitFor(() => assert.deepEqual([asked.length, find(Button).props.disabled], [2, false]));
  await new Promise(setImmediate);
  assert.deepEqual(said, ['The record is looked at now.']);
  assert.equal(asked[1]?.url, 'https://tandem.example/card/hubspot/sync');
  assert.deepEqual(asked[1]?.options?.body, { objectTypeId: '0-1', objectId: '42' });
});

test('a Tandem that does not answer is said in words, and asked again', async () => {
  answerWith(502, STATE);
  const { find, waitFor } = show();
  await waitFor(() => assert.equal(find(ErrorState).props.title, 'Tandem cannot be asked'));
  answerWith(200, STATE);
  find(Button).trigger('onClick');
  await waitFor(() => assert.equal(find(StatusTag).text, 'In step with Salesforce'));
});

test('the card speaks the language of the person', async () => {
  const { find, waitFor } = show('zh-tw');
  await waitFor(() => assert.equal(find(StatusTag).text, '已與 Salesforce 同步'));
  const keys = (texts: object): string[] =>
    Object.entries(texts).flatMap(([key, value]) => (typeof value === 'object' ? keys(value) : [key]));
  assert.deepEqual(keys(wordsIn('zh-tw')), keys(wordsIn('en')));
});
