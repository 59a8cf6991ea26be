/** Asks again every so often until the answer is true; false when it never was within the time. */
export async function waitUntil(
  question: () => boolean | Promise<boolean>,
  { everyMilliseconds, withinSeconds }: { everyMilliseconds: number; withinSeconds: number },
): Promise<boolean> {
  const end = performance.now() + withinSeconds * 1000;
  for (;;) {
    if (await question()) return true;
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMilliseconds));
  }
}
