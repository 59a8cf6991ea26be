import { describe, expect, it } from "vitest";
import { parseBenchArguments } from "../../../tools/src/bench/arguments.ts";
import { bench } from "../../../tools/src/bench.ts";

const known = ["up", "memory"];

describe("the arguments of bench", () => {
  it("are names, a number of runs and a file", () => {
    expect(
      parseBenchArguments(["up", "--runs", "3", "memory", "--json", "figures.json", "up"], known),
    ).toEqual({ names: ["up", "memory"], runs: 3, json: "figures.json" });
    expect(parseBenchArguments(["up"], known)).toEqual({ names: ["up"], runs: 1, json: undefined });
  });

  it("that name an unknown benchmark are answered with those there are", async () => {
    expect(() => parseBenchArguments(["up", "speed"], known)).toThrow(
      '"speed" is no benchmark. Type: npm run bench -- NAME... [--json FILE] [--runs N]\nNAME is one of: up, memory',
    );
    expect(() => parseBenchArguments([], known)).toThrow("No benchmark was named.");
    await expect(bench(["speed"])).rejects.toThrow(/NAME is one of: up, memory/);
  });

  it("that are no number of runs, or no option, are refused", () => {
    for (const runs of ["0", "1.5", "many", "-1"]) {
      expect(() => parseBenchArguments(["up", `--runs=${runs}`], known)).toThrow(`--runs is "${runs}"`);
    }
    expect(() => parseBenchArguments(["up", "--fast"], known)).toThrow("Unknown option '--fast'");
  });
});
