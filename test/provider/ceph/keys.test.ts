import { describe, expect, it } from "vitest";
import { differencesOf, sentenceOf, type Artifact } from "../../../provider/src/artifacts/artifact.ts";
import { daemonKey } from "../../../provider/src/ceph/daemon.ts";
import { bornKeyring } from "../../../provider/src/ceph/keyring.ts";
import { monitorKey, monitorStore } from "../../../provider/src/ceph/monitor-store.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";

const fsid = "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10";
const [, mgr] = daemonKey("mgr", "node1") as [Artifact, Artifact];
const mgrCaps = { mds: "allow *", mon: "allow profile mgr", osd: "allow *" };
const mgrKeyring = "/var/lib/ceph/mgr/ceph-node1/keyring";
const right = { mode: "600", owner: "ceph:ceph", known: { same: true, caps: mgrCaps } };
const seed = "/var/lib/torocloud/ceph/ceph.keyring";
const born = { mode: "600", owner: "root:root", holds: "same" };
const monitors = [{ name: "node1", address: "10.0.0.1" }];
const store = monitorStore({ id: "node1", fsid, monitors });
const common = monitorKey("node1");

/** What a person is told of a state; none where it is as declared. */
function told(artifact: Artifact, state: Json): string | undefined {
  return differencesOf([artifact], [state]).map(sentenceOf)[0];
}

describe("keys and monitors' stores are told of as ever", () => {
  it.each<[Artifact, Json, string | undefined]>([
    [mgr, right, undefined],
    [mgr, null, "key mgr.node1 is missing"],
    [mgr, { ...right, known: null }, "key mgr.node1 is not known to the cluster"],
    [
      mgr,
      { ...right, owner: "root:ceph", known: { same: false, caps: mgrCaps } },
      `key mgr.node1 belongs to root:ceph, not ceph:ceph, in ${mgrKeyring} and is another one in ${mgrKeyring}`,
    ],
    [
      mgr,
      { ...right, known: { same: true, caps: {} } },
      'key mgr.node1 may "nothing", not "mds: allow *; mon: allow profile mgr; osd: allow *"',
    ],
    [bornKeyring("ceph"), born, undefined],
    [bornKeyring("ceph"), null, `keyring ${seed} is missing`],
    [bornKeyring("ceph"), { ...born, mode: "644" }, `keyring ${seed} has mode 644, not 600, in ${seed}`],
    [bornKeyring("ceph"), { ...born, holds: "other" }, `keyring ${seed} is another one in ${seed}`],
    [bornKeyring("ceph"), { ...born, holds: "unsealed" }, `keyring ${seed} has no checksum beside it`],
    [common, { mode: "600", owner: "ceph:ceph", same: true }, undefined],
    [
      common,
      { mode: "600", owner: "root:ceph", same: true },
      "key of monitor node1 belongs to root:ceph, not ceph:ceph, in /var/lib/ceph/mon/ceph-node1/keyring",
    ],
    [store, { fsid }, undefined],
    [store, { fsid: null }, "monitor store /var/lib/ceph/mon/ceph-node1 does not say of which cluster it is"],
    [
      store,
      { fsid: "other" },
      `monitor store /var/lib/ceph/mon/ceph-node1 is of the cluster other, not ${fsid}`,
    ],
  ])("%#: %o", (artifact, state, sentence) => {
    expect(told(artifact, state)).toBe(sentence);
  });
});

describe("what follows a key hears only of another one", () => {
  const disturbs = (artifact: Artifact, state: Json): boolean | undefined =>
    artifact.kind.disturbs?.(artifact.spec, state);

  it("not of its mode, its owner or what it may", () => {
    expect(disturbs(mgr, { ...right, mode: "644" })).toBe(false);
    expect(disturbs(mgr, { ...right, known: { same: true, caps: {} } })).toBe(false);
    expect(disturbs(common, { mode: "644", owner: "root:root", same: true })).toBe(false);
    expect(disturbs(store, { fsid: null })).toBe(false);
  });

  it("of one that is missing or another", () => {
    expect(disturbs(mgr, { ...right, known: { same: false, caps: mgrCaps } })).toBe(true);
    expect([mgr, common, store].map((artifact) => disturbs(artifact, null))).toEqual([true, true, true]);
    expect(disturbs(common, { mode: "600", owner: "ceph:ceph", same: false })).toBe(true);
  });
});
