import { describe, expect, it } from "vitest";
import { parseMarker } from "../../../provider/src/lifecycle/marker.ts";
import { schemaVersion, upgraded, type UpgradeStep } from "../../../provider/src/lifecycle/schema-version.ts";

const steps: readonly UpgradeStep[] = [
  {
    what: "memory is given in MiB",
    upgrade: (_type, { memory, ...rest }) => ({ ...rest, memoryMiB: Number(memory) * 1024 }),
  },
  {
    what: "guests have a colour",
    upgrade: (type, props) => (type === "t:guest" ? { ...props, colour: "grey" } : props),
  },
];

describe("what an older version wrote", () => {
  it("is taken through every step since then", () => {
    expect(upgraded("t:guest", { memory: 2 }, steps)).toEqual({ memoryMiB: 2048, colour: "grey" });
    expect(upgraded("t:share", { memory: 2 }, steps)).toEqual({ memoryMiB: 2048 });
    expect(upgraded("t:guest", { memoryMiB: 1, schemaVersion: 2 }, steps)).toEqual({
      memoryMiB: 1,
      colour: "grey",
    });
  });

  it("is left as it is when it is today's", () => {
    expect(upgraded("t:guest", { memoryMiB: 1, colour: "red", schemaVersion: 3 }, steps)).toEqual({
      memoryMiB: 1,
      colour: "red",
    });
  });

  it("is refused when it is newer than this code, in state and in a marker", () => {
    const newer = "written by a newer torocloud (schema version 9; this one knows";
    expect(() => upgraded("t:guest", { schemaVersion: 9 }, steps)).toThrow(newer);
    const marker = { version: 9, type: "t:guest", owner: "o", state: "ready", inputs: {} };
    expect(() => parseMarker(JSON.stringify(marker), "host1: /etc/x.json")).toThrow(
      `host1: /etc/x.json: this was ${newer}`,
    );
  });

  it("was version 1 before there were versions", () => {
    expect(schemaVersion).toBeGreaterThanOrEqual(1);
    expect(upgraded("t:guest", { memory: 1, schemaVersion: 1 }, steps)).toEqual(
      upgraded("t:guest", { memory: 1 }, steps),
    );
  });
});
