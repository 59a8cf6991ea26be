import { describe, expect, it } from "vitest";
import { takeTurns } from "../../../tools/src/bench/turns.ts";

describe("taking turns", () => {
  it("goes each way once a run, every other run the other way round, and keeps results in their order", async () => {
    const gone: string[] = [];
    const way = (name: string) => async () => {
      gone.push(name);
      return `${name}${gone.length}`;
    };
    const turns = await takeTurns(3, { one: way("a"), other: way("b") });
    expect(gone).toEqual(["a", "b", "b", "a", "a", "b"]);
    expect(turns).toEqual({ one: ["a1", "a4", "a5"], other: ["b2", "b3", "b6"] });
  });
});
