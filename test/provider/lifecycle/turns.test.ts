import { describe, expect, it } from "vitest";
import { inTurn } from "../../../provider/src/lifecycle/turns.ts";

describe("a turn", () => {
  it("is one's at a time, in the order in which they came, however the one before ended", async () => {
    const said: string[] = [];
    const work =
      (name: string, fails = false) =>
      async () => {
        said.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        said.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const ends = await Promise.allSettled([
      inTurn("web", work("a", true)),
      inTurn("web", work("b")),
      inTurn("other", work("c")),
      inTurn(undefined, work("d")),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
    expect(said.filter((line) => /^[ab]/.test(line))).toEqual(["a begins", "a ends", "b begins", "b ends"]);
    expect(said.indexOf("c begins")).toBeLessThan(said.indexOf("a ends"));
    expect(said.indexOf("d begins")).toBeLessThan(said.indexOf("a ends"));
  });
});
