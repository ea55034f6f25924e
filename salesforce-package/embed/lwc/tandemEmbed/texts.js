const ENGLISH = {
    title: 'HubSpot',
    opening: 'Opening the HubSpot window',
    again: 'Try again',
    failed: 'The HubSpot window could not be opened. Ask your administrator to look at Tandem.'
};
const CHINESE = {
    title: 'HubSpot',
    opening: '正在開啟 HubSpot 視窗',
    again: '再試一次',
    failed: '無法開啟 HubSpot 視窗。請洽管理員查看 Tandem。'
};

/** The component's words in a language such as "en-US" or "zh-TW". */
export const wordsIn = (language) => (/^zh[-_](TW|HK|Hant)/i.test(language ?? '') ? CHINESE : ENGLISH);
