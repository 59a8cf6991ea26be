import { describe, expect, it } from "vitest";
import { parseMarker } from "../../../provider/src/lifecycle/marker.ts";
import { firstInstance, schemaVersion } from "../../../provider/src/lifecycle/schema-version.ts";

describe("an ownership marker", () => {
  const whole = {
    version: schemaVersion,
    type: "t",
    owner: "o",
    instance: "i",
    state: "ready",
    inputs: {},
  };

  it("is the JSON of its file, and nothing where there is none", () => {
    expect(parseMarker(null, "here")).toBeUndefined();
    expect(parseMarker(`${JSON.stringify(whole)}\n`, "here")).toEqual(whole);
  });

  it.each(["", "\n"])("is none where a full disk or a power cut left nothing in it: %j", (text) => {
    expect(parseMarker(text, "here")).toBeUndefined();
  });

  it.each(["null", "7", '"text"', "{}", '{"type":"t","owner":"o"}', "{", `${JSON.stringify(whole)}\nmore`])(
    "is not what somebody else wrote in its place: %j",
    (text) => {
      expect(() => parseMarker(text, "node1: /etc/x.json")).toThrow(
        /^node1: \/etc\/x\.json is no ownership marker/,
      );
    },
  );

  it("of 0.1.0 has that version's instance", () => {
    const older = Object.fromEntries(Object.entries(whole).filter(([name]) => name !== "instance"));
    expect(parseMarker(JSON.stringify({ ...older, version: 1 }), "here")).toEqual({
      ...whole,
      instance: firstInstance,
    });
  });

  it("says that its keys came from one host, as 0.1.0 wrote, in today's words", () => {
    const inputs = { keysFrom: "node1" };
    const marker = { ...whole, version: 1, inputs, former: inputs };
    expect(parseMarker(JSON.stringify(marker), "here")).toMatchObject({
      inputs: { keysFrom: ["node1"] },
      former: { keysFrom: ["node1"] },
    });
  });
});
