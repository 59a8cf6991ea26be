import { describe, expect, it } from "vitest";
import { diffByTable, refusedChanges } from "../../../provider/src/lifecycle/diff.ts";
import { growOnly } from "../../../provider/src/lifecycle/rules.ts";
import { unknownValue } from "../../../provider/src/validation/unknown.ts";

const table = {
  disk: growOnly(
    "restart",
    ({ gib }: { gib: number }) => gib,
    (before) => `expected ${String(before)} or more`,
  ),
};
const state = { disk: { gib: 4 } };

describe("a rule that looks at both values", () => {
  it("lets it grow", () => {
    const news = { disk: { gib: 5 } };
    expect(diffByTable(table, state, news).notes).toEqual(['disk {"gib":4} → {"gib":5}: restarts it']);
    expect(refusedChanges(table, state, news)).toEqual([]);
  });

  it("refuses in preview that it shrinks, and says what was expected", () => {
    const news = { disk: { gib: 3 } };
    expect(diffByTable(table, state, news).notes).toEqual(['disk {"gib":4} → {"gib":3}: refused']);
    expect(refusedChanges(table, state, news)).toEqual([
      { property: "disk", reason: 'is {"gib":3}; expected 4 or more' },
    ]);
  });

  it("is not asked of what is not known yet, or not there", () => {
    expect(diffByTable(table, state, { disk: unknownValue }).notes).toEqual([
      'disk {"gib":4} → known after apply: restarts it if it is another',
    ]);
    expect(refusedChanges(table, state, { disk: unknownValue })).toEqual([]);
    expect(refusedChanges(table, {}, { disk: { gib: 3 } })).toEqual([]);
  });
});
