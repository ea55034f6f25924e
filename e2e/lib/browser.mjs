// The browser, and what every page must pass.
import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

/** A browser that talks to nobody but the pages it is sent to. */
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A page that fails the test if it runs into a script error or opens a dialog. */
export async function openPage(browser) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const surprises = [];
  page.on('pageerror', (error) => surprises.push(`script error: ${error.message}`));
  page.on('dialog', (dialog) => {
    surprises.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, surprises, close: () => context.close() };
}

/** Fails with what a person who uses a keyboard, a screen reader or a magnifier would run into. */
export async function assertAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).slice(0, 3).join(' ')}`);
  assert.deepEqual(serious, [], `on ${page.url()}`);
}

/** Follows what `act` starts until the page that answers it is there. */
export async function landing(page, act) {
  const [response] = await Promise.all([
    page.waitForResponse(
      (response) => response.request().isNavigationRequest() && (response.status() < 300 || response.status() > 399),
    ),
    act(),
  ]);
  await page.waitForLoadState('load');
  return response;
}

/** Fails where the page is wider than its window, so that a person would have to scroll sideways to read it. */
export async function assertFits(page) {
  const { wanted, given, beyond } = await page.evaluate(() => {
    const given = document.documentElement.clientWidth;
    const scrolls = (element) => element && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
    const beyond = [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > given && !scrolls(element.parentElement))
      .map((element) => element.outerHTML.slice(0, 80));
    return { wanted: document.documentElement.scrollWidth, given, beyond };
  });
  assert.ok(wanted <= given, `${page.url()} is ${wanted} wide in a window of ${given}: ${beyond.slice(0, 5).join(' | ')}`);
}
