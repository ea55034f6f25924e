// Both platforms' usual client libraries, used as their users use them, against the simulators.
import { after, before, describe } from 'node:test';

import { hubspotConforms } from './conformance/hubspot.mjs';
import { salesforceConforms } from './conformance/salesforce.mjs';
import { webhooksConform } from './conformance/webhooks.mjs';
import { startSimulators } from './lib/program.mjs';

let program;
before(async () => {
  program = await startSimulators();
});
after(() => program?.stop());

describe("HubSpot's own client works with the simulated account", () => {
  hubspotConforms(() => program.ready.hubspot);
});
describe("HubSpot's own validator finds the signatures of webhooks valid", () => {
  webhooksConform(() => program.ready.hubspot);
});
describe('jsforce works with the simulated org', () => {
  salesforceConforms(() => program.ready.salesforce);
});
