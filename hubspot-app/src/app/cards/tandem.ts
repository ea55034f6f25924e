// What Tandem is asked for. HubSpot signs each call and says whose it is; Tandem takes no other.
import { hubspot } from '@hubspot/ui-extensions';

export type Standing =
  | 'in_step'
  | 'unlinked'
  | 'deleted_in_hubspot'
  | 'deleted_in_salesforce'
  | 'outside'
  | 'apart';

export interface Problem {
  field: string | null;
  message: string;
  remedy: string;
  since: string;
}

export interface SyncState {
  standing: Standing;
  salesforce: { object: string; id: string; url: string | null } | null;
  last_sync: string | null;
  waiting: boolean;
  problems: Problem[];
}

/** The record of the page that the card is on. */
export interface Place {
  tandem: string;
  objectTypeId: string;
  objectId: number;
}

const ask = async (address: string, options?: Parameters<typeof hubspot.fetch>[1]): Promise<SyncState> => {
  const answer = await hubspot.fetch(address, { timeout: 10_000, ...options });
  if (!answer.ok) throw new Error(`Tandem answered ${answer.status}`);
  return (await answer.json()) as SyncState;
};

/** How it stands with a record. */
export const stateOf = ({ tandem, objectTypeId, objectId }: Place) =>
  ask(`${tandem}/card/hubspot?objectTypeId=${encodeURIComponent(objectTypeId)}&objectId=${objectId}`);

/** Has Tandem look at a record now. */
export const syncNow = ({ tandem, objectTypeId, objectId }: Place) =>
  ask(`${tandem}/card/hubspot/sync`, { method: 'POST', body: { objectTypeId, objectId: String(objectId) } });
