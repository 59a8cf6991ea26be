import { describe, expect, it } from "vitest";
import { diffByTable } from "../../../provider/src/lifecycle/diff.ts";
import { unknownValue } from "../../../provider/src/validation/unknown.ts";

const table = { name: "replace", size: "restart", colour: "live", note: "record" } as const;
const state = {
  name: "a",
  size: 1,
  colour: { red: 1, green: [1, 2] },
  owner: "o",
  onDelete: "keepData",
  number: 7,
  drift: [],
};

describe("a diff by table", () => {
  it("finds nothing between a state and the inputs it was made from, outputs or not", () => {
    const inputs = {
      name: "a",
      size: 1,
      colour: { green: [1, 2], red: 1 },
      owner: "o",
      onDelete: "keepData",
    };
    expect(diffByTable(table, state, inputs)).toEqual({ changes: false, replaces: [], notes: [] });
  });

  it("has a sentence for each field that changed, and the fields that replace", () => {
    const news = {
      name: "b",
      size: 2,
      colour: { red: 1, green: [2, 1] },
      note: "new",
      owner: "p",
      onDelete: "keepData",
    };
    expect(diffByTable(table, state, news)).toEqual({
      changes: true,
      replaces: ["name"],
      notes: [
        'name "a" → "b": replaces it',
        "size 1 → 2: restarts it",
        'colour {"red":1,"green":[1,2]} → {"red":1,"green":[2,1]}: nothing is interrupted',
        'note nothing → "new": only recorded',
        'owner "o" → "p": only recorded',
      ],
    });
  });

  it("does not tell an absent field from one that is undefined, at any depth, or by the order of keys", () => {
    const news = { ...state, note: undefined, colour: { green: [1, 2], blue: undefined, red: 1 } };
    expect(diffByTable(table, state, news).changes).toBe(false);
  });

  it("sees a field that was taken away", () => {
    const news = { ...state, size: undefined };
    expect(diffByTable(table, state, news).notes).toEqual(["size 1 → nothing: restarts it"]);
  });

  it("is not empty while something drifted, though no input changed", () => {
    expect(diffByTable(table, { ...state, drift: ["file x is missing"] }, state)).toEqual({
      changes: true,
      replaces: [],
      notes: ["drifted: file x is missing"],
    });
  });

  it("does not mind fields that it has no rule for", () => {
    expect(diffByTable(table, state, { ...state, number: 8, other: 1 }).changes).toBe(false);
  });

  it("keeps its sentences short", () => {
    const [note = ""] = diffByTable(table, state, { ...state, name: "x".repeat(1000) }).notes;
    expect(note.length).toBeLessThan(160);
  });

  it("takes null for absent too, as state has it", () => {
    expect(diffByTable(table, { ...state, note: null }, state)).toMatchObject({ changes: false, notes: [] });
    expect(diffByTable(table, { ...state, note: null }, { ...state, note: "new" }).notes).toEqual([
      'note nothing → "new": only recorded',
    ]);
    expect(diffByTable(table, { ...state, drift: null }, state).changes).toBe(false);
  });

  it("claims nothing of a value that is not known yet, at whatever depth", () => {
    const news = {
      ...state,
      name: unknownValue,
      size: unknownValue,
      colour: { red: 1, green: [unknownValue] },
      note: unknownValue,
    };
    const { notes, replaces } = diffByTable(table, state, news);
    expect(notes).toEqual([
      'name "a" → known after apply: replaces it if it is another',
      "size 1 → known after apply: restarts it if it is another",
      'colour {"red":1,"green":[1,2]} → known after apply: nothing is interrupted',
      "note nothing → known after apply: only recorded",
    ]);
    expect(notes.join()).not.toContain(unknownValue);
    // The engine asks with such values in which order things are to go.
    expect(replaces).toEqual(["name"]);
  });
});
