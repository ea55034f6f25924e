import { LightningElement, api } from 'lwc';
import LANGUAGE from '@salesforce/i18n/lang';
import findAddress from '@salesforce/apex/TandemEmbed.address';
import { wordsIn } from './texts';

/** Milliseconds within which a window is not opened again by itself: one that never opens shall not ask for ever. */
const PATIENCE = 30_000;

/** Shows Tandem's embed window for the record of the page, opened with a token that Apex makes. */
export default class TandemEmbed extends LightningElement {
    /** Pixels that the window is high. */
    @api height = 600;

    address;
    problem;
    texts = wordsIn(LANGUAGE);
    shown;
    asked = 0;
    openedAt = 0;
    listener = (event) => this.hear(event);

    /** The record of the page; the platform changes it when a person goes on to another. */
    @api
    get recordId() {
        return this.shown;
    }
    set recordId(id) {
        this.shown = id;
        if (this.isConnected) {
            this.open();
        }
    }

    get size() {
        return `height: ${Number(this.height) || 600}px`;
    }

    connectedCallback() {
        window.addEventListener('message', this.listener);
        this.open();
    }

    disconnectedCallback() {
        window.removeEventListener('message', this.listener);
    }

    async open() {
        if (!this.shown) {
            return;
        }
        // An answer for the record that was shown before is not for this one.
        this.asked += 1;
        const asked = this.asked;
        this.openedAt = Date.now();
        this.problem = undefined;
        this.address = undefined;
        try {
            const address = await findAddress({ recordId: this.shown });
            if (asked === this.asked) {
                this.address = address;
            }
        } catch (error) {
            if (asked === this.asked) {
                this.problem = error?.body?.message ?? this.texts.failed;
            }
        }
    }

    /** The window asks for a new token when its own no longer holds. */
    hear(event) {
        const isRenewal = event.data?.tandem === 'renew';
        const isOurs = this.address && event.origin === new URL(this.address).origin;
        if (isRenewal && isOurs && Date.now() - this.openedAt > PATIENCE) {
            this.open();
        }
    }
}
