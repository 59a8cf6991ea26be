const last = new Map<string, Promise<unknown>>();

/** Does work of one turn after the other, in the order in which it came; what has no turn is done at once. */
export async function inTurn<Result>(turn: string | undefined, work: () => Promise<Result>): Promise<Result> {
  if (turn === undefined) return work();
  const before = last.get(turn) ?? Promise.resolve();
  // How the one before ended is its own affair.
  const mine = before.then(work, work);
  last.set(turn, mine);
  try {
    return await mine;
  } finally {
    if (last.get(turn) === mine) last.delete(turn);
  }
}
