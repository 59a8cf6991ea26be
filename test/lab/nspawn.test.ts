import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Place } from "../../lab/src/kind.js";
import { launchCommand, launcherScript, nspawnCommand, overlayMark } from "../../lab/src/nspawn.js";

const place: Place = {
  lab: "dev",
  host: "node1",
  address: "10.77.1.11",
  directory: "/var/lib/torocloud-lab/dev/hosts/node1",
  bridge: "tl-dev",
  base: "/cache/tree-0",
};

describe("the start of a container", () => {
  test("the command names the lab's own bridge, folder and machine", () => {
    expect(nspawnCommand(place, ["/dev/fuse"])).toEqual([
      "systemd-nspawn",
      "--boot",
      "--quiet",
      "--directory=/var/lib/torocloud-lab/dev/hosts/node1/root",
      "--machine=dev-node1",
      "--hostname=node1",
      "--network-veth",
      "--network-bridge=tl-dev",
      "--capability=all",
      "--system-call-filter=@keyring bpf perf_event_open",
      "--bind=/var/lib/torocloud-lab/dev/hosts/node1/dev/fuse:/dev/fuse",
      "--register=no",
      "--keep-unit",
      "--resolv-conf=off",
      "--timezone=off",
      "--link-journal=no",
      "--console=read-only",
    ]);
  });

  test.each([true, false])("the launcher is a shell script without mistakes (systemd: %s)", (systemd) => {
    const text = launcherScript(place, ["/dev/fuse", "/dev/net/tun"], systemd);
    const check = spawnSync("sh", ["-n"], { input: text, encoding: "utf8" });
    expect(check.stderr).toBe("");
    expect(check.status).toBe(0);
    expect(text).toContain(`lowerdir=${place.directory}/debs:/cache/tree-0,${overlayMark(place)}workdir=`);
  });

  test("only without systemd does the launcher look after control groups itself", () => {
    expect(launcherScript(place, [], false)).toContain("labgroup=/sys/fs/cgroup/torocloud-lab.dev\n");
    expect(launcherScript(place, [], true)).not.toContain("cgroup");
  });

  test("under systemd a host runs in a scope of its own, so that it outlives the login that started it", () => {
    const launch = ["unshare", "--mount", "sh", `${place.directory}/launch.sh`];
    expect(launchCommand(place, false)).toEqual(launch);
    const scoped = launchCommand(place, true);
    expect(scoped.slice(0, 2)).toEqual(["systemd-run", "--scope"]);
    expect(scoped).toContain("--unit=torocloud-lab-dev-node1");
    expect(scoped.slice(-launch.length)).toEqual(launch);
  });
});
