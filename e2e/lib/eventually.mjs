/** Asks again and again until the answer holds; fails with the last one when it never does. */
export async function eventually(what, ask, { within = 60_000, every = 500 } = {}) {
  const end = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer.holds) return answer.value;
    if (Date.now() > end) throw new Error(`${what} within ${within / 1000} s; last seen: ${answer.seen}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
