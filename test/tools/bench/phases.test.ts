import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { phaseSeconds } from "../../../tools/src/bench/phases.ts";
import { parseMakings, stepsOf } from "../../../tools/src/bench/resource-events.ts";
import { parseScriptSteps } from "../../../tools/src/bench/script-steps.ts";

describe("phases", () => {
  it("last from the end of the one before to the end of their last step", () => {
    const steps = parseScriptSteps(`@ 31.250 host1 packages
@ 40.000 node1 packages
@ 41.000 node1 quorum
@ 50.500 node1 file system
@ 51.000 host2 mount
@ 51.500 host1 mount
@ 57.500 host1 page
@ 57.600 everything up
`);
    expect(Object.fromEntries(phaseSeconds(steps))).toEqual({
      packages: 40,
      ceph: 10.5,
      mounts: 1,
      guests: 6,
    });
  });

  it("take no time when they ended before the one before them, or have no steps", () => {
    const steps = [
      { phase: "packages", end: 40 },
      { phase: "ceph", end: 30 },
      { phase: "guests", end: 45 },
    ] as const;
    expect(Object.fromEntries(phaseSeconds(steps))).toEqual({ packages: 40, ceph: 0, mounts: 0, guests: 5 });
  });

  it("are told by the script under the words that are looked for", () => {
    const script = readFileSync(new URL("../../../bench/plain-up.sh", import.meta.url), "utf8");
    const told = [...script.matchAll(/echo ["']@ (.+?)["']/g)].map(([, what]) => `@ 1.0 host1 ${what ?? ""}`);
    expect(new Set(parseScriptSteps(told.join("\n")).map(({ phase }) => phase))).toEqual(
      new Set(["packages", "ceph", "mounts", "guests"]),
    );
  });
});

const urn = (type: string, name: string): string =>
  `urn:pulumi:lab-bench::torocloud::torocloud:index:Cloud$${type}::${name}`;

function event(
  kind: "resourcePreEvent" | "resOutputsEvent",
  type: string,
  name: string,
  op = "create",
): string {
  return JSON.stringify({
    sequence: 1,
    timestamp: 1,
    [kind]: { metadata: { op, urn: urn(type, name), type } },
  });
}

describe("Pulumi's event log", () => {
  const packages = "pulumi-nodejs:dynamic/torocloud:Packages";
  const mount = "pulumi-nodejs:dynamic/torocloud:Mount";

  it("says when each resource of ours was made", () => {
    const makings = parseMakings([
      { at: 0.5, line: JSON.stringify({ sequence: 0, preludeEvent: { config: {} } }) },
      { at: 1, line: event("resourcePreEvent", packages, "node1-ceph") },
      { at: 1.5, line: event("resourcePreEvent", mount, "host1-mount") },
      { at: 3, line: event("resOutputsEvent", mount, "host1-mount") },
      { at: 9, line: event("resOutputsEvent", packages, "node1-ceph") },
    ]);
    expect(makings).toEqual([
      { type: "Mount", name: "host1-mount", start: 1.5, end: 3 },
      { type: "Packages", name: "node1-ceph", start: 1, end: 9 },
    ]);
    expect(stepsOf(makings)).toEqual([
      { phase: "mounts", end: 3 },
      { phase: "packages", end: 9 },
    ]);
  });

  it("counts neither components nor resources that were left as they are", () => {
    const component = "torocloud:index:Cloud";
    const makings = parseMakings([
      { at: 1, line: event("resourcePreEvent", component, "cloud") },
      { at: 2, line: event("resOutputsEvent", component, "cloud") },
      { at: 3, line: event("resourcePreEvent", mount, "host1-mount", "same") },
      { at: 4, line: event("resOutputsEvent", mount, "host1-mount", "same") },
    ]);
    expect(makings).toEqual([]);
  });
});
