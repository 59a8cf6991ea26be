import { describe, expect, it } from "vitest";
import {
  differencesOf,
  sentenceOf,
  titleOf,
  type Artifact,
} from "../../../provider/src/artifacts/artifact.ts";
import { mountArtifacts } from "../../../provider/src/ceph/mount-parts.ts";
import type { CephMount } from "../../../provider/src/ceph/mount-unit.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";
import { asDeclared } from "../as-declared.ts";

const mount: CephMount = {
  name: "storage",
  client: "fuse",
  fsid: "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10",
  monitors: [{ name: "node1", address: "fd00::1" }],
  fileSystem: "cloud",
  path: "/guests",
  mountPoint: "/srv/cloud",
  user: "guests",
};
const unit = "torocloud-mount-storage.service";
const keyring = "file /etc/torocloud/ceph-storage/keyring";
const dropIn = `file /etc/systemd/system/${unit}.d/torocloud.conf`;

function find(artifacts: readonly Artifact[], title: string): Artifact {
  const found = artifacts.find((one) => titleOf(one) === title);
  if (!found) throw new Error(`no ${title} in ${artifacts.map(titleOf).join(", ")}`);
  return found;
}

/** What is said of one that is found in a state. */
function said(title: string, state: Json, key: string | undefined = "QUJD"): string[] {
  return differencesOf([find(mountArtifacts(mount, key), title)], [state]).map(sentenceOf);
}

function disturbs(title: string, state: Json): boolean | undefined {
  const { kind, spec } = find(mountArtifacts(mount, "QUJD"), title);
  return kind.disturbs?.(spec, state);
}

describe("a mount", () => {
  const right = { type: "fuse.ceph-fuse", access: "rw", problem: "", silent: false };

  it.each([
    [right, []],
    [null, ["mount /srv/cloud is not mounted"]],
    [{ ...right, type: "tmpfs" }, ["mount /srv/cloud is covered by a mount of tmpfs"]],
    [{ ...right, access: "ro" }, ["mount /srv/cloud is mounted read-only"]],
    [
      { ...right, problem: "Cannot send after transport endpoint shutdown" },
      ["mount /srv/cloud does not answer: Cannot send after transport endpoint shutdown"],
    ],
    [
      { ...right, access: "ro", problem: "Input/output error" },
      ["mount /srv/cloud is mounted read-only and does not answer: Input/output error"],
    ],
    [{ ...right, silent: true }, ["mount /srv/cloud does not answer; is Ceph away?"]],
  ])("found as %j is said to differ: %j", (state, sentences) => {
    expect(said("mount /srv/cloud", state)).toEqual(sentences);
  });

  it("may only be restarted where it is gone, covered or dead", () => {
    for (const state of [
      { ...right, access: "ro" },
      { ...right, silent: true },
    ])
      expect(disturbs("mount /srv/cloud", state)).toBe(false);
    for (const state of [null, { ...right, type: "tmpfs" }, { ...right, problem: "Input/output error" }])
      expect(disturbs("mount /srv/cloud", state)).toBe(true);
  });
});

describe("a mount point", () => {
  it.each([
    [{ is: "directory" }, []],
    [null, ["directory /srv/cloud is missing"]],
    [{ is: "mount" }, ["directory /srv/cloud has something mounted on it"]],
    [{ is: "full" }, ["directory /srv/cloud holds files, which a mount would hide"]],
    [{ is: "other" }, ["directory /srv/cloud is no directory"]],
  ])("found as %j is said to differ: %j", (state, sentences) => {
    expect(said("directory /srv/cloud", state)).toEqual(sentences);
  });

  it("is never taken over when it is in the way", () => {
    expect(find(mountArtifacts(mount, "QUJD"), "directory /srv/cloud").whose).toBe("refused");
  });
});

describe("a client's key on a host", () => {
  const spec = find(mountArtifacts(mount, "QUJD"), keyring).spec;
  const right = asDeclared("ceph.client-key-file", spec) as Record<string, Json>;

  it("is compared with the cluster's", () => {
    expect(said(keyring, right)).toEqual([]);
    expect(said(keyring, null)).toEqual([`${keyring} is missing`]);
    expect(said(keyring, { ...right, mode: "644" })).toEqual([`${keyring} has mode 644, not 600`]);
    expect(said(keyring, right, "T0xE")).toEqual([`${keyring} has other content`]);
  });

  it("is wrong, whatever it is, where the cluster has none", () => {
    expect(said(keyring, right, "")).toEqual([
      `${keyring} holds a key that the cluster does not know: the cluster has no key client.guests`,
    ]);
    expect(said(keyring, null, "")).toEqual([
      `${keyring} is missing, and the cluster has no key client.guests`,
    ]);
  });

  it("restarts nothing when only its mode is wrong", () => {
    expect(disturbs(keyring, { ...right, mode: "644" })).toBe(false);
    expect(disturbs(keyring, { ...right, digest: "other" })).toBe(true);
  });

  it("is in the form that the client reads, and shown to nobody", () => {
    const secret = find(
      mountArtifacts({ ...mount, client: "kernel" }, "QUJD"),
      "file /etc/torocloud/ceph-storage/secret",
    );
    expect([spec["content"], secret.spec["content"]]).toEqual(["[client.guests]\n\tkey = QUJD\n", "QUJD"]);
    for (const [field, value] of Object.entries(secret.spec))
      if (JSON.stringify(value).includes("QUJD")) expect(secret.kind.secrets).toContain(field);
  });
});

describe("the unit of a mount", () => {
  it("follows its own file, configuration and key, and not how it comes back", () => {
    const artifacts = mountArtifacts(mount, "QUJD");
    const follows = find(artifacts, `unit ${unit}`).follows ?? [];
    expect(follows.map(titleOf)).toEqual([
      "directory /etc/torocloud/ceph-storage",
      "file /etc/torocloud/ceph-storage/ceph.conf",
      keyring,
      `file /etc/systemd/system/${unit}`,
    ]);
    expect(artifacts.map(titleOf)).toContain(dropIn);
  });

  it("is reached by clients over IPv6 too", () => {
    const conf = find(mountArtifacts(mount, "QUJD"), "file /etc/torocloud/ceph-storage/ceph.conf");
    expect(conf.spec["content"]).toContain("mon_host = [v2:[fd00::1]:3300,v1:[fd00::1]:6789]\n");
  });
});
