import { createElement } from 'lwc';
import findAddress from '@salesforce/apex/TandemEmbed.address';
import TandemEmbed from 'c/tandemEmbed';
import { wordsIn } from '../texts';

jest.mock('@salesforce/apex/TandemEmbed.address', () => ({ default: jest.fn() }), { virtual: true });

const RECORD = '003000000000001AAA';
const ADDRESS = 'https://tandem.example/embed?token=a.b';

/** Lets everything that was promised come about. */
const settled = async () => {
    for (let turn = 0; turn < 5; turn++) {
        // eslint-disable-next-line no-await-in-loop
        await Promise.resolve();
    }
};

const show = async (given = {}) => {
    const element = createElement('c-tandem-embed', { is: TandemEmbed });
    Object.assign(element, { recordId: RECORD }, given);
    document.body.appendChild(element);
    await settled();
    return element;
};
const later = (milliseconds) => jest.spyOn(Date, 'now').mockReturnValue(Date.now() + milliseconds);
const frame = (element) => element.shadowRoot.querySelector('iframe');
const say = async (origin, data) => {
    window.dispatchEvent(new MessageEvent('message', { origin, data }));
    await settled();
};

describe('c-tandem-embed', () => {
    beforeEach(() => {
        findAddress.mockReset();
        findAddress.mockResolvedValue(ADDRESS);
    });
    afterEach(() => {
        jest.restoreAllMocks();
        document.body.replaceChildren();
    });

    it('shows the window of the record', async () => {
        const element = await show();
        expect(findAddress).toHaveBeenCalledWith({ recordId: RECORD });
        expect(frame(element).src).toBe(ADDRESS);
        expect(frame(element).title).toBe('HubSpot');
        expect(frame(element).getAttribute('style')).toContain('600px');
    });

    it('is as high as the page says', async () => {
        const element = await show({ height: 320 });
        expect(frame(element).getAttribute('style')).toContain('320px');
    });

    it('says in words why there is no window, and tries again', async () => {
        findAddress.mockRejectedValueOnce({ body: { message: 'You may not see it.' } });
        const element = await show();
        expect(frame(element)).toBeNull();
        expect(element.shadowRoot.querySelector('.problem').textContent).toBe('You may not see it.');
        element.shadowRoot.querySelector('lightning-button').click();
        await settled();
        expect(frame(element).src).toBe(ADDRESS);
    });

    it('has words of its own where none were given', async () => {
        findAddress.mockRejectedValueOnce(new Error());
        const element = await show();
        expect(element.shadowRoot.querySelector('.problem').textContent).toContain('could not be opened');
    });

    it('asks for a new token when the window says that its own is over', async () => {
        const element = await show();
        findAddress.mockResolvedValue(`${ADDRESS}2`);
        later(60_000);
        await say('https://tandem.example', { tandem: 'renew' });
        expect(frame(element).src).toBe(`${ADDRESS}2`);
    });

    it('does not ask for ever when the window never opens', async () => {
        await show();
        await say('https://tandem.example', { tandem: 'renew' });
        await say('https://tandem.example', { tandem: 'renew' });
        expect(findAddress).toHaveBeenCalledTimes(1);
    });

    it('listens to nobody else', async () => {
        await show();
        later(60_000);
        await say('https://elsewhere.example', { tandem: 'renew' });
        await say('https://tandem.example', { other: 1 });
        await say('https://tandem.example', null);
        expect(findAddress).toHaveBeenCalledTimes(1);
    });

    it('goes along to another record, whatever answer comes first', async () => {
        let answerFirst;
        findAddress.mockReturnValueOnce(new Promise((resolve) => (answerFirst = resolve)));
        const element = await show();
        element.recordId = '003000000000002AAA';
        await settled();
        answerFirst('https://tandem.example/embed?token=late');
        await settled();
        expect(frame(element).src).toBe(ADDRESS);
        expect(findAddress).toHaveBeenLastCalledWith({ recordId: '003000000000002AAA' });
    });

    it('stops listening when it is gone', async () => {
        const element = await show();
        element.remove();
        later(60_000);
        await say('https://tandem.example', { tandem: 'renew' });
        expect(findAddress).toHaveBeenCalledTimes(1);
    });

    it('speaks the language of the person', () => {
        expect(wordsIn('zh-TW').again).toBe('再試一次');
        expect(wordsIn('en-US').again).toBe('Try again');
        expect(wordsIn(undefined).again).toBe('Try again');
        expect(Object.keys(wordsIn('zh-TW'))).toEqual(Object.keys(wordsIn('en')));
    });
});
