import { describe, expect, it } from "vitest";
import type { Figure } from "../../../tools/src/bench/figure.ts";
import { figuresOf } from "../../../tools/src/bench/up.ts";

function comparison(pulumiSeconds: number, scriptSeconds: number): Parameters<typeof figuresOf>[0][number] {
  return {
    labSeconds: 6,
    pulumi: {
      seconds: pulumiSeconds,
      makings: [
        { type: "Packages", name: "node1-ceph", start: 3, end: 40 },
        { type: "FileSystem", name: "ceph-fs", start: 45, end: 60 },
        { type: "Mount", name: "host1-mount", start: 60, end: 62 },
        { type: "PortForward", name: "web-0-forward", start: 62, end: 70 },
      ],
      trace: {
        roundTrips: 10,
        dials: new Map([
          ["node1", 1],
          ["host1", 2],
        ]),
        requestSeconds: 60,
      },
      providerPeak: undefined,
    },
    script: {
      seconds: scriptSeconds,
      steps: [
        { phase: "packages", end: 38 },
        { phase: "guests", end: 48 },
      ],
    },
  };
}

describe("the benchmark up", () => {
  const values = (figures: readonly Figure[]): Record<string, number> =>
    Object.fromEntries(figures.map(({ name, value }) => [name, value]));

  it("compares run by run, not median by median", () => {
    const figures = figuresOf([comparison(75, 50), comparison(120, 100), comparison(80, 50)]);
    expect(values(figures)).toMatchObject({ "up.pulumi": 80, "up.script": 50, "up.ratio": 1.5 });
    expect(figures.find(({ name }) => name === "up.ratio")?.runs).toEqual([1.5, 1.2, 1.6]);
  });

  it("says where the time went, and what is left of it", () => {
    expect(values(figuresOf([comparison(75, 50)]))).toEqual({
      "up.lab": 6,
      "up.pulumi": 75,
      "up.script": 50,
      "up.ratio": 1.5,
      "up.ratio.after-packages": 35 / 12,
      "up.pulumi.start": 3,
      "up.pulumi.packages": 40,
      "up.pulumi.ceph": 20,
      "up.pulumi.mounts": 2,
      "up.pulumi.guests": 8,
      "up.pulumi.rest": 5,
      "up.script.packages": 38,
      "up.script.ceph": 0,
      "up.script.mounts": 0,
      "up.script.guests": 10,
      "up.script.rest": 2,
      "up.pulumi.resources": 4,
      "up.pulumi.round-trips-per-resource": 2.5,
      "up.pulumi.connections-per-host": 2,
    });
  });
});
