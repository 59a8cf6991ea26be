import { describe, expect, it } from "vitest";
import {
  differencesOf,
  sentenceOf,
  titleOf,
  type Artifact,
} from "../../../provider/src/artifacts/artifact.ts";
import { crushName } from "../../../provider/src/ceph/names.ts";
import { osdLeaves } from "../../../provider/src/ceph/osd-leaves.ts";
import { fileStore, osdPlace, osdUnit, osdWeight } from "../../../provider/src/ceph/osd-store.ts";
import { cephOsd } from "../../../provider/src/ceph/osd.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";
import { hostileValues } from "../../quoting/hostile.ts";

const uuid = "11111111-1111-8111-8111-111111111111";
const fsid = "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10";
const [store, size, key] = fileStore({ uuid, fsid, sizeGiB: 4, host: "node1" }) as [
  Artifact,
  Artifact,
  Artifact,
];
const caps = { mgr: "allow profile osd", mon: "allow profile osd", osd: "allow *" };
const right = { mode: "600", owner: "ceph:ceph", known: { same: true, caps } };
const gibibyte = 1024 ** 3;

/** What a person is told of a state; none where it is as declared. */
function told(artifact: Artifact, state: Json): string | undefined {
  return differencesOf([artifact], [state]).map(sentenceOf)[0];
}

describe("an OSD's parts are told of as ever", () => {
  it.each<[Artifact, Json, string | undefined]>([
    [store, null, `OSD store ${uuid} is missing, or its labels are`],
    [store, { fsid: "other" }, `OSD store ${uuid} is of the cluster other, not ${fsid}`],
    [store, { fsid }, undefined],
    [size, { bytes: 5 * gibibyte }, `size of OSD store ${uuid} is 5 GiB, not 4 GiB`],
    [size, { bytes: 4 * gibibyte }, undefined],
    [size, null, `size of OSD store ${uuid} is missing`],
    [key, right, undefined],
    [key, { ...right, mode: "644" }, `key of OSD store ${uuid} has mode 644, not 600, in its directory`],
    [key, { ...right, known: null }, `key of OSD store ${uuid} is not known to the cluster`],
    [
      key,
      { ...right, known: { same: true, caps: { ...caps, mon: "allow *" } } },
      `key of OSD store ${uuid} may "mgr: allow profile osd; mon: allow *; osd: allow *", not "mgr: allow profile osd; mon: allow profile osd; osd: allow *"`,
    ],
    [osdWeight(uuid), { weight: 0 }, `weight of OSD ${uuid} is 0, not 1: it is out of the cluster`],
    [osdWeight(uuid), { weight: 0.5 }, `weight of OSD ${uuid} is 0.5, not 1`],
    [osdWeight(uuid), { weight: 1 }, undefined],
    [osdUnit(uuid, []), null, "unit ceph-osd@ is neither active nor enabled"],
    [
      osdUnit(uuid, []),
      { active: "inactive", enabled: "enabled", needsReload: false, dropIns: [] },
      "unit ceph-osd@ is inactive",
    ],
  ])("%#: %o", (artifact, state, sentence) => {
    expect(told(artifact, state)).toBe(sentence);
  });

  it("its weight as Ceph shows it, with six digits", () => {
    expect(told(osdWeight(uuid), { weight: 0.3333282470703125 })).toBe(
      `weight of OSD ${uuid} is 0.333328, not 1`,
    );
  });
});

describe("an OSD's place in the CRUSH map", () => {
  const place = osdPlace({ uuid, host: "node1" });

  it.each<[string, Json]>([
    ["its own, wherever it is", { host: "a-hostname", besides: [] }],
    ["none before its first start", { host: null, besides: [] }],
    ["the one that has its machine's name: the others move", { host: "node1", besides: ["osd.1"] }],
  ])("is right: %s", (_, state) => {
    expect(told(place, state)).toBeUndefined();
  });

  it("is wrong where OSDs of other machines are", () => {
    expect(told(place, { host: "debian", besides: ["osd.1", "osd.2"] })).toBe(
      `place of OSD ${uuid} is that of osd.1, osd.2 of another machine: debian`,
    );
    expect(place.kind.disturbs?.(place.spec, null)).toBe(false);
  });

  it("has a name that CRUSH takes, another for each host of the inventory", () => {
    expect(["node1", "Node_1.example"].map(crushName)).toEqual(["node1", "Node_1.example"]);
    const names = hostileValues().filter((name) => name !== "");
    for (const name of names) expect(crushName(name)).toMatch(/^[A-Za-z0-9_.-]+$/);
    expect(new Set(names.map(crushName)).size).toBe(new Set(names).size);
  });

  it("is told to the store, which is made there, and to the place alike", () => {
    const parts = fileStore({ uuid, fsid, sizeGiB: 4, host: "räck 1" });
    expect(parts[0]?.spec["host"]).toBe(crushName("räck 1"));
    expect(osdPlace({ uuid, host: "räck 1" }).spec["host"]).toBe(crushName("räck 1"));
  });
});

describe("an OSD that leaves", () => {
  const desired = {
    ...{ host: "node1", name: "first", fsid, uuid, store: { kind: "file", sizeGiB: 4 }, owner: "o/p/s" },
  };

  it("goes at once with its data kept, and in turn where it is destroyed", () => {
    expect(cephOsd.leaving?.({ ...desired, onDelete: "keepData" })).toBeUndefined();
    expect(cephOsd.leaving?.({ ...desired, onDelete: "destroyData" })?.turn).toContain(fsid);
  });

  it("is refused, taken out and waited for by its UUID", () => {
    const { only, drain, waits } = osdLeaves(uuid, fsid);
    expect([...only, ...waits].map(({ kind, spec }) => [kind, spec])).toEqual([
      ["ceph.osd-drainable", { uuid }],
      ["ceph.osd-drained", { uuid }],
    ]);
    expect(drain.map((artifact) => [artifact.kind.name, titleOf(artifact)])).toEqual([
      ["ceph.osd-out", `OSD ${uuid} out of the cluster`],
    ]);
  });
});
