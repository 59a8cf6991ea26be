import type { Row } from "./row.ts";

/** Rows in as few rounds as possible: in none of them two rows concern the same artifact, or claim the same. */
export function rounds<Each extends Row>(rows: readonly Each[]): readonly (readonly Each[])[] {
  const made: { readonly rows: Each[]; readonly taken: Set<string> }[] = [];
  for (const row of rows) {
    const needed = claims(row);
    const round =
      made.find(
        ({ taken }) => !needed.includes(all) && !taken.has(all) && needed.every((claim) => !taken.has(claim)),
      ) ?? made[made.push({ rows: [], taken: new Set() }) - 1];
    round?.rows.push(row);
    for (const claim of needed) round?.taken.add(claim);
  }
  return made.map((round) => round.rows);
}

/** Claimed by a row that stands alone in its round. */
export const all = "everything";

function claims({ told, claims: others = [] }: Row): readonly string[] {
  // What is told of a thing begins with its artifact's name: two words tell artifacts of one resource apart.
  const artifacts = told.map((line) => line.split(" ").slice(0, 3).join(" "));
  return [...artifacts, ...others];
}
