import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { titleOf, type Artifact } from "../../../provider/src/artifacts/artifact.ts";
import { mountArtifacts } from "../../../provider/src/ceph/mount-parts.ts";
import type { CephMount } from "../../../provider/src/ceph/mount-unit.ts";
import { forwardArtifacts, type PortForward } from "../../../provider/src/microvm/forward-units.ts";
import { guestArtifacts, type Guest } from "../../../provider/src/microvm/guest-units.ts";
import type { SharePolicy } from "../../../provider/src/microvm/share-policy.ts";

vi.setConfig({ testTimeout: 30_000 });

const mountUnit = "torocloud-mount-cloud.service";
const guest: Guest = {
  name: "web-0",
  accel: "kvm",
  preset: "linux",
  machineOptions: {},
  kernel: "/srv/cloud/images/demo/kernel",
  commandLine: 'quote="50 % of $HOME" back\\slash',
  memoryMiB: 128,
  cpus: 1,
  shares: [{ tag: "site", share: { source: "/srv/cloud/shares/site", readOnly: true, cache: "auto" } }],
  shareNames: { site: "web-0.site" },
  vsock: "kernel",
  contextId: 42,
  cpuAffinity: [],
  mountUnit,
};
const policy = { source: "/srv/cloud/shares/site", readOnly: true, cache: "auto" } as const;

function withShare(changes: Partial<SharePolicy>): readonly Artifact[] {
  return guestArtifacts({ ...guest, shares: [{ tag: "site", share: { ...policy, ...changes } }] });
}

const forward: PortForward = {
  listenAddress: "0.0.0.0",
  listenPort: 8080,
  guest: "web-0",
  guestPort: 80,
  vsock: "kernel",
  contextId: 42,
};
const mount: CephMount = {
  name: "cloud",
  client: "fuse",
  fsid: "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10",
  monitors: [
    { name: "node1", address: "10.11.12.1" },
    { name: "node2", address: "fd00::2" },
  ],
  fileSystem: "cloud",
  path: "/guests",
  mountPoint: "/srv/cloud",
  user: "guests",
};

/** Unit files by name. */
function units(artifacts: readonly Artifact[]): Map<string, string> {
  const folder = "/etc/systemd/system/";
  return new Map(
    artifacts.flatMap(({ kind, key, spec }) =>
      kind.name === "unit-file" ? [[key.slice(folder.length), spec["content"] as string] as const] : [],
    ),
  );
}

const cases: Readonly<Record<string, readonly Artifact[]>> = {
  "a guest under KVM with the kernel's vsock": guestArtifacts(guest),
  "a guest under emulation with the kernel's vsock": guestArtifacts({ ...guest, accel: "tcg" }),
  "a guest under emulation with the user-space vsock, pinned": guestArtifacts({
    ...guest,
    accel: "tcg",
    vsock: "user",
    cpuAffinity: [0, 2],
  }),
  "a guest without shares": guestArtifacts({ ...guest, shares: [], preset: "toro" }),
  "a guest with a share that may be written": withShare({ readOnly: false, cache: "never" }),
  "a guest with a share in which all belongs to one": withShare({ ids: { user: 1000, group: 100 } }),
  "a forward to the kernel's vsock": forwardArtifacts(forward),
  "a forward to the user-space vsock, on an IPv6 address": forwardArtifacts({
    ...forward,
    vsock: "user",
    listenAddress: "::1",
  }),
  "a forward on an address that may come late": forwardArtifacts({
    ...forward,
    listenAddress: "192.0.2.7",
  }),
  "a mount by ceph-fuse": mountArtifacts(mount, "key"),
  "a mount by the kernel": mountArtifacts({ ...mount, client: "kernel" }, "key"),
};

describe.each(Object.entries(cases))("the units of %s", (_, artifacts) => {
  it("are these", () => {
    const found = units(artifacts);
    expect(found.size).toBeGreaterThan(0);
    expect([...found].map(([name, text]) => `# ${name}\n${text}`).join("\n")).toMatchSnapshot();
  });

  it("are restarted when a file of theirs changes", () => {
    const running = artifacts.filter(({ kind }) => kind.serves);
    const followed = new Set(running.flatMap(({ follows }) => follows ?? []).map(titleOf));
    for (const name of units(artifacts).keys()) {
      // What 0.1.0 mounted must not be mounted anew for a drop-in.
      const title = `file /etc/systemd/system/${name}`;
      if (name.endsWith(".d/torocloud.conf")) expect(followed).not.toContain(title);
      else expect(followed, name).toContain(title);
    }
  });
});

const systemd = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });
const installed = systemd.status === 0;

describe.skipIf(!installed)("systemd-analyze verify (skipped where systemd is not installed)", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "torocloud-units-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** What systemd has against a unit, but for programs and paths that only hosts have. */
  function complaints(all: ReadonlyMap<string, string>): string[] {
    const place = mkdtempSync(join(folder, "case-"));
    mkdirSync(place, { recursive: true });
    for (const [name, text] of all) {
      mkdirSync(join(place, dirname(name)), { recursive: true });
      writeFileSync(join(place, name), text);
    }
    if (!all.has(mountUnit))
      writeFileSync(join(place, mountUnit), "[Service]\nType=oneshot\nExecStart=/bin/true\n");
    const paths = [...all.keys()].filter((name) => !name.includes("/")).map((name) => join(place, name));
    const { stderr } = spawnSync(
      "systemd-analyze",
      ["verify", "--recursive-errors=no", "--man=no", ...paths],
      {
        encoding: "utf8",
        env: { ...process.env, SYSTEMD_UNIT_PATH: `${place}:` },
      },
    );
    return stderr
      .split("\n")
      .filter(
        (line) =>
          line.includes(place.split("/").at(-1) ?? "") || [...all.keys()].some((name) => line.includes(name)),
      );
  }

  const onlyHosts = /is not executable|Failed to (load|connect)|not found|EnvironmentFile|Permission denied/;

  it("complains about a unit that is wrong, so that its silence means something", () => {
    const wrong = new Map([
      ["wrong.service", "[Service]\nType=exec\nExecStart=/bin/true\nNoSuchKey=1\nRestart=sometimes\n"],
    ]);
    expect(complaints(wrong).join("\n")).toMatch(/NoSuchKey[^]*restart specifier/);
  });

  it.each(Object.entries(cases))("has nothing against the units of %s", (_, artifacts) => {
    expect(complaints(units(artifacts)).filter((line) => !onlyHosts.test(line))).toEqual([]);
  });
});
