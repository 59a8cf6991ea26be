import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  mountUnit,
  renderMountUnit,
  returnsByItself,
  type CephMount,
} from "../../../provider/src/ceph/mount-unit.ts";

vi.setConfig({ testTimeout: 30_000 });

const fuse: CephMount = {
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
const kernel: CephMount = { ...fuse, client: "kernel" };
const configuration = "/etc/torocloud/ceph-cloud";
const cases = [
  ["ceph-fuse", fuse],
  ["the kernel's client", kernel],
] as const;

describe("the unit of a mount", () => {
  it("is by ceph-fuse the one that 0.1.0 wrote: another would restart guests", () => {
    expect(renderMountUnit(fuse, configuration)).toBe(`[Unit]
Description=CephFS cloud:/guests on /srv/cloud
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStartPre=-/bin/umount --lazy /srv/cloud
ExecStart=/usr/bin/ceph-fuse -f --conf /etc/torocloud/ceph-cloud/ceph.conf --keyring /etc/torocloud/ceph-cloud/keyring --id guests --client_fs cloud --client_mountpoint /guests /srv/cloud
ExecStartPost=/bin/sh -c 'until findmnt -rno FSTYPE --mountpoint /srv/cloud; do sleep 0.1; done >/dev/null'
TimeoutStartSec=300
ExecStopPost=-/bin/umount --lazy /srv/cloud
SuccessExitStatus=15
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`);
  });

  it("is by the kernel's client the one that 0.1.0 wrote, IPv6 monitors in brackets", () => {
    expect(renderMountUnit(kernel, configuration)).toBe(`[Unit]
Description=CephFS cloud:/guests on /srv/cloud
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mount -t ceph guests@0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10.cloud=/guests /srv/cloud -o mon_addr=10.11.12.1/[fd00::2],secretfile=/etc/torocloud/ceph-cloud/secret,conf=/etc/torocloud/ceph-cloud/ceph.conf,recover_session=clean,noatime
ExecStop=/bin/umount /srv/cloud

[Install]
WantedBy=multi-user.target
`);
  });
});

describe("a mount whose cluster comes later than its host", () => {
  it.each(cases)("is tried again by %s for as long as it takes", (_, mount) => {
    const dropIn = returnsByItself(mount);
    expect(dropIn).toMatch(/^\[Unit\]\nStartLimitIntervalSec=0$/m);
    expect(`${renderMountUnit(mount, configuration)}${dropIn}`).toMatch(/^Restart=(always|on-failure)$/m);
    expect(dropIn).toMatch(/^RestartSec=\d+$/m);
  });

  it("is by the kernel's client never mounted twice, nor tried for ever at once", () => {
    expect(returnsByItself(kernel)).toMatch(
      /^ExecStartPre=-\/bin\/umount --lazy \/srv\/cloud\n(.*\n)*TimeoutStartSec=\d+$/m,
    );
  });
});

const installed = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe.skipIf(!installed)("systemd-analyze verify (skipped where systemd is not installed)", () => {
  function complaints(mount: CephMount, dropIn: string): string {
    const folder = mkdtempSync(join(tmpdir(), "torocloud-mount-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const unit = join(folder, mountUnit(mount.name));
    mkdirSync(`${unit}.d`);
    writeFileSync(unit, renderMountUnit(mount, configuration));
    writeFileSync(join(`${unit}.d`, "torocloud.conf"), dropIn);
    const { stderr } = spawnSync("systemd-analyze", ["verify", "--recursive-errors=no", "--man=no", unit], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
    });
    return stderr
      .split("\n")
      .filter((line) => line.includes("torocloud-mount") && !/is not executable|not found/.test(line))
      .join("\n");
  }

  it.each(cases)("has nothing against %s's unit and drop-in", (_, mount) => {
    expect(complaints(mount, returnsByItself(mount))).toBe("");
  });

  it("would complain, so that its silence means something", () => {
    expect(complaints(kernel, "[Service]\nRestart=always\n")).toMatch(/isn't allowed for Type=oneshot/);
    expect(complaints(fuse, "[Unit]\nStartLimitIntervalSec=soon\n")).toMatch(/Failed to parse sec value/);
  });
});
