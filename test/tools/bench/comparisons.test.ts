import { describe, expect, it } from "vitest";
import { figuresOf as createFigures } from "../../../tools/src/bench/create.ts";
import { entryOf, ratioOfRuns, type Figure } from "../../../tools/src/bench/figure.ts";
import type { ProjectRun } from "../../../tools/src/bench/project.ts";
import { figuresOf as previewFigures } from "../../../tools/src/bench/preview.ts";
import { figuresOf as refreshFigures } from "../../../tools/src/bench/refresh.ts";

const timed = (...seconds: number[]) => seconds.map((each) => ({ seconds: each, cpuSeconds: each / 2 }));
const runs = (...seconds: number[]): ProjectRun[] =>
  timed(...seconds).map((each) => ({
    ...each,
    changes: {},
    trace: {
      roundTrips: 250,
      dials: new Map([
        ["host1", 1],
        ["host2", 2],
      ]),
      requestSeconds: 3,
    },
  }));
const entry = (figures: readonly Figure[], name: string): unknown => {
  const figure = figures.find((each) => each.name === name);
  return figure && { value: entryOf(figure).value, goal: entryOf(figure).goal, met: entryOf(figure).met };
};

describe("comparisons of two ways", () => {
  it("compare run by run, not median by median", () => {
    expect(ratioOfRuns("ratio", [timed(2, 6, 1), timed(1, 2, 2)])).toMatchObject({
      value: 2,
      runs: [2, 3, 0.5],
    });
  });

  it("of refresh: Pulumi and a script per host", () => {
    const ways = { pulumi: runs(6), script: timed(4), atOnce: timed(2), nothing: runs(1) };
    expect(entry(refreshFigures(ways), "refresh.ratio")).toEqual({
      value: 1.5,
      goal: "at most 1.3",
      met: false,
    });
    expect(entry(refreshFigures(ways), "refresh.ratio.at-once")).toEqual({ value: 3, goal: null, met: null });
    expect(entry(refreshFigures(ways), "refresh.pulumi.connections-per-host")).toMatchObject({
      value: 2,
      met: false,
    });
  });

  it("of preview: resources that do nothing, and commands over SSH", () => {
    const ways = {
      pulumi: runs(5.6),
      nothing: runs(5),
      up: runs(4),
      upOfNothing: runs(4),
      commands: timed(21),
    };
    expect(entry(previewFigures(ways), "preview.ratio")).toMatchObject({ goal: "at most 1.1", met: false });
    expect(entry(previewFigures(ways), "preview.commands.ratio")).toEqual({
      value: 5.25,
      goal: "at least 5",
      met: true,
    });
  });

  it("of create: Pulumi and a script per host", () => {
    const life = <Each>(each: Each, hostCpuSeconds: number) => ({
      ...{ making: each, removing: each },
      hostCpuSeconds,
    });
    const figures = createFigures({
      pulumi: runs(9).map((each) => life(each, 3)),
      script: timed(3).map((each) => life(each, 2)),
      nothing: runs(6).map((each) => life(each, 0)),
    });
    expect(entry(figures, "create.ratio")).toEqual({ value: 1, goal: "at most 1.25", met: true });
    expect(entry(figures, "create.ratio.script")).toEqual({ value: 3, goal: null, met: null });
    expect(entry(figures, "create.host-cpu.ratio")).toEqual({ value: 1.5, goal: "at most 1.6", met: true });
    expect(entry(figures, "create.pulumi.host-cpu-per-resource")).toMatchObject({ value: 30, met: false });
    expect(entry(figures, "create.pulumi.round-trips-per-resource")).toMatchObject({
      value: 2.5,
      met: false,
    });
  });
});
