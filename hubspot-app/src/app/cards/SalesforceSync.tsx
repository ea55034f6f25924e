import { useCallback, useEffect, useState } from 'react';
import {
  Alert,
  Button,
  DescriptionList,
  DescriptionListItem,
  ErrorState,
  Flex,
  Link,
  LoadingSpinner,
  StatusTag,
  Text,
  hubspot,
} from '@hubspot/ui-extensions';

import { stateOf, syncNow } from './tandem.ts';
import type { Place, SyncState } from './tandem.ts';
import { wordsIn } from './texts.ts';

hubspot.extend<'crm.record.sidebar'>(({ context, actions }) => (
  <SalesforceSync
    place={{
      tandem: String(context.variables?.TANDEM_URL ?? ''),
      objectTypeId: context.crm.objectTypeId,
      objectId: context.crm.objectId,
    }}
    language={context.user.language ?? context.user.locale}
    say={(message) => actions.addAlert({ message, type: 'success' })}
  />
));

interface Given {
  place: Place;
  language?: string;
  say: (message: string) => void;
}

/** How it stands with the record in Salesforce: its link, when it was synced, what could not be, and "Sync now". */
export const SalesforceSync = ({ place, language, say }: Given) => {
  const t = wordsIn(language);
  const { tandem, objectTypeId, objectId } = place;
  const [state, setState] = useState<SyncState>();
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);

  const show = useCallback(
    async (asked: (place: Place) => Promise<SyncState>) => {
      setBusy(true);
      setFailed(false);
      try {
        setState(await asked({ tandem, objectTypeId, objectId }));
        return true;
      } catch {
        setFailed(true);
        return false;
      } finally {
        setBusy(false);
      }
    },
    [tandem, objectTypeId, objectId],
  );
  useEffect(() => {
    void show(stateOf);
  }, [show]);

  if (failed) {
    return (
      <ErrorState title={t.failed}>
        <Text>{t.failedRemedy}</Text>
        <Button onClick={() => void show(stateOf)}>{t.again}</Button>
      </ErrorState>
    );
  }
  if (!state) return <LoadingSpinner label={t.loading} showLabel={true} />;

  const { salesforce, problems } = state;
  const flows = state.standing === 'in_step';
  return (
    <Flex direction="column" gap="small">
      <StatusTag variant={problems.length > 0 ? 'danger' : flows ? 'success' : 'default'}>
        {problems.length > 0 ? t.problems : t.standing[state.standing]}
      </StatusTag>
      <DescriptionList direction="column">
        <DescriptionListItem label={t.record}>
          {salesforce?.url ? <Link href={{ url: salesforce.url, external: true }}>{t.open}</Link> : <Text>–</Text>}
        </DescriptionListItem>
        <DescriptionListItem label={t.lastSync}>
          <Text>{state.last_sync ? new Date(state.last_sync).toLocaleString(language) : t.never}</Text>
        </DescriptionListItem>
      </DescriptionList>
      {state.waiting && <Text variant="microcopy">{t.waiting}</Text>}
      {problems.map(({ field, message, remedy }) => (
        <Alert key={`${field}:${message}`} title={field ?? t.wholeRecord} variant="error">
          {message} {t.whatToDo}
          {remedy}
        </Alert>
      ))}
      <Button
        disabled={busy}
        onClick={async () => {
          if (await show(syncNow)) say(t.asked);
        }}
      >
        {t.syncNow}
      </Button>
    </Flex>
  );
};
