import { describe, expect, it } from "vitest";
import { entryOf, figureOfRuns, isMet, renderFigure, type Figure } from "../../../tools/src/bench/figure.ts";
import { reportOf } from "../../../tools/src/bench/report.ts";

const ratio = (value: number): Figure => ({
  name: "up.ratio",
  value,
  unit: "",
  goal: { kind: "at most", value: 1.5 },
});

describe("a figure", () => {
  it("is one line with name, value, unit and goal", () => {
    expect(renderFigure({ name: "up.pulumi", value: 61.249, unit: "s" })).toBe("up.pulumi: 61.2 s");
    expect(renderFigure(ratio(1.234))).toBe("up.ratio: 1.23 (goal: at most 1.5, met)");
    expect(renderFigure(ratio(1.51))).toBe("up.ratio: 1.51 (goal: at most 1.5, missed)");
    const memory: Figure = {
      name: "memory.provider",
      value: 199.96,
      unit: "MB",
      goal: { kind: "under", value: 200 },
    };
    expect(renderFigure(memory)).toBe("memory.provider: 200 MB (goal: under 200 MB, met)");
  });

  it("of several runs is their median, and tells minimum, median and maximum", () => {
    const figure = figureOfRuns("up.ratio", [1.6, 1.2, 1.4], { goal: { kind: "at most", value: 1.5 } });
    expect(figure.value).toBe(1.4);
    expect(renderFigure(figure)).toBe(
      "up.ratio: 1.4 (goal: at most 1.5, met); 3 runs: minimum 1.2, median 1.4, maximum 1.6",
    );
  });

  it("of one run tells no spread", () => {
    expect(renderFigure(figureOfRuns("up.script", [50], { unit: "s" }))).toBe("up.script: 50 s");
  });

  it("is judged at the edge by the kind of its goal", () => {
    expect(isMet(ratio(1.5))).toBe(true);
    expect(isMet({ name: "m", value: 200, unit: "MB", goal: { kind: "under", value: 200 } })).toBe(false);
    expect(isMet({ name: "c", value: 2, unit: "", goal: { kind: "exactly", value: 1 } })).toBe(false);
    expect(isMet({ name: "c", value: 1, unit: "", goal: { kind: "exactly", value: 1 } })).toBe(true);
    expect(isMet({ name: "free", value: 1, unit: "" })).toBeUndefined();
  });

  it("is an entry of name, value, unit, goal and met in the report, beside the circumstances", () => {
    const at = { date: "2030-01-01T00:00:00.000Z", cpus: 2, node: "20.20.0", loadAtStart: [1, 2, 3] };
    expect(reportOf(at, [ratio(1.6), { name: "up.lab", value: 6.04, unit: "s", runs: [5, 6.04] }])).toEqual({
      ...at,
      figures: [
        { name: "up.ratio", value: 1.6, unit: "", goal: "at most 1.5", met: false },
        { name: "up.lab", value: 6.04, unit: "s", goal: null, met: null, runs: [5, 6.04] },
      ],
    });
    expect(entryOf({ name: "c", value: 1, unit: "", goal: { kind: "exactly", value: 1 } })).toMatchObject({
      goal: "1",
      met: true,
    });
  });
});
