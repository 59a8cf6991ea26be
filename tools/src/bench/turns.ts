/** What several ways of doing the same gave, run by run. */
export type Turns<Ways extends Readonly<Record<string, () => Promise<unknown>>>> = {
  readonly [Way in keyof Ways]: readonly Awaited<ReturnType<Ways[Way]>>[];
};

/** Goes each way once in every run. The order alternates, as who comes later finds more in the machine's caches. */
export async function takeTurns<Ways extends Readonly<Record<string, () => Promise<unknown>>>>(
  runs: number,
  ways: Ways,
): Promise<Turns<Ways>> {
  const results = new Map<string, unknown[]>(Object.keys(ways).map((name) => [name, []]));
  for (let run = 0; run < runs; run += 1) {
    const entries = Object.entries(ways);
    for (const [name, go] of run % 2 === 0 ? entries : entries.reverse()) results.get(name)?.push(await go());
  }
  return Object.fromEntries(results) as unknown as Turns<Ways>;
}
