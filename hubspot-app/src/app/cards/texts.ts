const english = {
  loading: 'Asking Tandem how it stands with this record',
  failed: 'Tandem cannot be asked',
  failedRemedy: 'Try again. If it stays so, ask whoever runs Tandem to look at its log.',
  again: 'Try again',
  standing: {
    in_step: 'In step with Salesforce',
    unlinked: 'Not in Salesforce',
    deleted_in_hubspot: 'Deleted in HubSpot: nothing is synced',
    deleted_in_salesforce: 'Deleted in Salesforce: nothing is synced',
    outside: 'Outside what is synced',
    apart: 'Parted from its Salesforce record: nothing is synced',
  },
  problems: 'Not everything could be synced',
  record: 'Salesforce record',
  open: 'Open in Salesforce',
  lastSync: 'Last sync',
  never: 'never',
  waiting: 'A change waits to be synced.',
  syncNow: 'Sync now',
  asked: 'The record is looked at now.',
  wholeRecord: 'Whole record',
  whatToDo: 'What to do: ',
};

type Texts = typeof english;

const chinese: Texts = {
  loading: '正在向 Tandem 查詢此記錄的狀態',
  failed: '無法查詢 Tandem',
  failedRemedy: '請再試一次。若仍然如此，請 Tandem 的管理員查看其記錄檔。',
  again: '再試一次',
  standing: {
    in_step: '已與 Salesforce 同步',
    unlinked: '不在 Salesforce 中',
    deleted_in_hubspot: '已在 HubSpot 刪除：不會同步',
    deleted_in_salesforce: '已在 Salesforce 刪除：不會同步',
    outside: '不在同步範圍內',
    apart: '已與 Salesforce 記錄分開：不會同步',
  },
  problems: '有內容無法同步',
  record: 'Salesforce 記錄',
  open: '在 Salesforce 中開啟',
  lastSync: '上次同步',
  never: '從未',
  waiting: '有一項變更正等待同步。',
  syncNow: '立即同步',
  asked: '正在查看此記錄。',
  wholeRecord: '整筆記錄',
  whatToDo: '處理方式：',
};

/** The card's words in the language of a user, such as "en" or "zh-tw". */
export const wordsIn = (language: string | undefined): Texts =>
  /^zh[-_](tw|hk|hant)/i.test(language ?? '') ? chinese : english;
