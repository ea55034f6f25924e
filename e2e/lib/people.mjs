// How people come in.
import { landing } from './browser.mjs';

export const PASSWORD = 'seven quiet bicycles';

const press = (page, name) => landing(page, () => page.getByRole('button', { name, exact: true }).click());

/** Fills in the page that a one-time link has opened. */
export async function comeIn(page, { name, email }) {
  await page.getByLabel('Name').fill(name);
  if (email) await page.getByLabel('Email address').fill(email);
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('New password, once more').fill(PASSWORD);
  await press(page, 'Save and sign in');
}

/** Signs in on the page at `url`. */
export async function signIn(page, url, email, password = PASSWORD) {
  await page.goto(new URL('/sign-in', url).href);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(password);
  await press(page, 'Sign in');
}
