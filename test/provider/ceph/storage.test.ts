import { describe, expect, it } from "vitest";
import { differencesOf, sentenceOf, type Artifact } from "../../../provider/src/artifacts/artifact.ts";
import { clientKey, fileSystemDirectory } from "../../../provider/src/ceph/client-access.ts";
import {
  fileSystem,
  fileSystemOptions,
  fileSystemServes,
} from "../../../provider/src/ceph/file-system-parts.ts";
import { pool } from "../../../provider/src/ceph/pool.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";

function said(artifact: Artifact, state: Json): string[] {
  return differencesOf([artifact], [state]).map(sentenceOf);
}

describe("a pool", () => {
  const data = pool({
    name: "cloud_data",
    placementGroups: 32,
    copies: 3,
    use: "data",
    fileSystem: "cloud",
  });
  const right = { pgNum: 32, size: 3, minSize: 2, autoscale: "off", applications: ["cephfs:data=cloud"] };

  it.each([
    [right, []],
    [null, ["pool cloud_data is missing"]],
    [{ ...right, size: 2 }, ["pool cloud_data has size 2, not 3"]],
    [{ ...right, pgNum: 16 }, ["pool cloud_data has pg_num 16, not 32"]],
    [
      { ...right, minSize: 1, autoscale: "warn" },
      ["pool cloud_data has min_size 1, not 2 and has pg_autoscale_mode warn, not off"],
    ],
    [
      { ...right, applications: ["cephfs:data=cloud", "rgw:="] },
      ["pool cloud_data has application cephfs:data=cloud,rgw:=, not cephfs:data=cloud"],
    ],
    [{ ...right, applications: [] }, ["pool cloud_data has application none, not cephfs:data=cloud"]],
  ])("found as %j is said to differ: %j", (state, sentences) => {
    expect(said(data, state)).toEqual(sentences);
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
  ])("of %i copies takes writes that %i OSDs have", (copies, minSize) => {
    const one = pool({ name: "p", placementGroups: 8, copies, use: "metadata", fileSystem: "cloud" });
    expect(one.spec).toMatchObject({ size: copies, minSize });
  });

  it("is people's data", () => {
    expect(data.data).toBe("pool cloud_data");
  });
});

describe("a file system", () => {
  const cloud = fileSystem("cloud", { metadataPool: "m", dataPool: "d" });

  it("keeps metadata and data where it is declared", () => {
    expect(said(cloud, { metadataPool: "m", dataPools: ["d"] })).toEqual([]);
    expect(said(cloud, { metadataPool: "m", dataPools: ["d", "byhand"] })).toEqual([
      "file system cloud keeps metadata in m and data in d,byhand, not in m and d",
    ]);
    expect(said(cloud, null)).toEqual(["file system cloud is missing"]);
  });

  it("lets metadata servers come", () => {
    const options = fileSystemOptions("cloud");
    expect(said(options, { maxMds: 1, joinable: true })).toEqual([]);
    expect(said(options, { maxMds: 2, joinable: false })).toEqual([
      "options of file system cloud has max_mds 2, not 1 and has joinable false, not true",
    ]);
  });

  it("is waited for until it is served and clean", () => {
    expect(fileSystemServes("cloud").map(({ kind, what, seconds }) => [kind, what, seconds])).toEqual([
      ["ceph.file-system-served", "a metadata server to be active for file system cloud", 180],
      ["ceph.placement-groups-clean", "all placement groups to be active+clean", 600],
    ]);
  });
});

describe("a directory of a file system", () => {
  const guests = fileSystemDirectory("cloud", "/guests");

  it.each([
    [{ type: "directory" }, []],
    [null, ["directory /guests of file system cloud is missing"]],
    [{ type: "other" }, ["directory /guests of file system cloud is no directory"]],
    [
      { problem: "error calling ceph_mount: Permission denied [Errno 13]" },
      [
        "directory /guests of file system cloud cannot be looked at: error calling ceph_mount: Permission denied [Errno 13]",
      ],
    ],
  ])("found as %j is said to differ: %j", (state, sentences) => {
    expect(said(guests, state)).toEqual(sentences);
  });

  it("stays, with what is in it", () => {
    expect(guests.kind.stays).toBe(true);
  });
});

describe("a client's key", () => {
  const key = clientKey({ entity: "client.guests", fileSystem: "cloud", path: "/guests", access: "rw" });
  const caps = {
    mds: "allow rwp fsname=cloud path=/guests",
    mon: "allow r fsname=cloud",
    osd: "allow rw tag cephfs data=cloud",
  };
  const declared = Object.entries(caps)
    .map(([service, cap]) => `${service}: ${cap}`)
    .join("; ");

  it("may use one path of one file system, and nothing else", () => {
    expect(key.spec).toEqual({ caps });
    expect(said(key, { caps })).toEqual([]);
  });

  it("may not write when it is to read", () => {
    const { spec } = clientKey({ entity: "client.guests", fileSystem: "cloud", path: "/", access: "r" });
    expect(spec).toEqual({
      caps: {
        mds: "allow r fsname=cloud path=/",
        mon: "allow r fsname=cloud",
        osd: "allow r tag cephfs data=cloud",
      },
    });
  });

  it("is said to differ in what it may, whatever order Ceph tells it in", () => {
    const reversed = Object.fromEntries(Object.entries(caps).reverse());
    expect(said(key, { caps: reversed })).toEqual([]);
    expect(said(key, { caps: { ...caps, mgr: "allow *" } })).toEqual([
      `key client.guests may "${declared.replace("; mon", "; mgr: allow *; mon")}", not "${declared}"`,
    ]);
    expect(said(key, { caps: {} })).toEqual([`key client.guests may "nothing", not "${declared}"`]);
    expect(said(key, null)).toEqual(["key client.guests is missing"]);
  });
});
