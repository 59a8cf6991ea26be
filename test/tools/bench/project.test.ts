import { describe, expect, it } from "vitest";
import { expectAll } from "../../../tools/src/bench/guest-fleet.ts";
import { changesIn } from "../../../tools/src/bench/project.ts";

const run = { seconds: 1, cpuSeconds: 1, trace: { roundTrips: 0, dials: new Map(), requestSeconds: 0 } };

describe("what a run of Pulumi met", () => {
  it("is what the last summary of its event log says", () => {
    const log = [
      { preludeEvent: { config: {} } },
      { summaryEvent: { resourceChanges: { create: 3 } } },
      { summaryEvent: { resourceChanges: { same: 2, update: 1 } } },
      { cancelEvent: {} },
    ];
    expect(changesIn(`${log.map((event) => JSON.stringify(event)).join("\n")}\n`)).toEqual({
      same: 2,
      update: 1,
    });
    expect(changesIn("")).toEqual({});
  });

  it("is refused as a measurement unless it is what was to be measured", () => {
    expect(() => {
      expectAll({ ...run, changes: { same: 201 } }, "same", 200);
    }).not.toThrow();
    for (const changes of [{ same: 200, update: 1 }, { same: 200 }, { create: 201 }, {}]) {
      expect(() => {
        expectAll({ ...run, changes }, "same", 200);
      }).toThrow("Expected 201 × same");
    }
  });
});
