import { describe, expect, it } from "vitest";
import { qemuArguments, type GuestMachine } from "../../../provider/src/microvm/qemu.ts";

const machine: GuestMachine = {
  name: "web-0",
  accel: "kvm",
  preset: "linux",
  machineOptions: {},
  kernel: "/srv/cloud/images/demo/kernel",
  initramfs: "/srv/cloud/images/demo/initramfs",
  commandLine: "",
  memoryMiB: 128,
  cpus: 1,
  shares: [{ tag: "site" }],
  shareNames: { site: "web-0.site" },
  vsock: "kernel",
  contextId: 42,
};

/** One option and its value a line, as QEMU's manual has them. */
function lines(guest: Partial<GuestMachine>): string {
  return qemuArguments({ ...machine, ...guest })
    .join("\n")
    .replaceAll(/\n(?!-[a-z])/g, " ");
}

function valueOf(option: string, guest: Partial<GuestMachine>): string | undefined {
  const argv = qemuArguments({ ...machine, ...guest });
  return argv[argv.indexOf(option) + 1];
}

describe("QEMU's arguments", () => {
  it("are these for Linux under KVM with the kernel's vsock", () => {
    expect(lines({})).toMatchSnapshot();
  });
  it("are these for Linux under emulation with the user-space vsock", () => {
    expect(lines({ accel: "tcg", vsock: "user", cpus: 2, memoryMiB: 256 })).toMatchSnapshot();
  });
  it("are these for Toro under KVM with two shares", () => {
    const shares = [{ tag: "one" }, { tag: "two" }];
    const shareNames = { one: "a", two: "b" };
    expect(lines({ preset: "toro", initramfs: undefined, shares, shareNames })).toMatchSnapshot();
  });
  it("are these for Toro under emulation", () => {
    expect(
      lines({ preset: "toro", accel: "tcg", initramfs: undefined, shares: [], vsock: "user" }),
    ).toMatchSnapshot();
  });

  it("let a guest's own machine options win over the preset's", () => {
    expect(valueOf("-machine", {})).toContain(",pit=off");
    const options = valueOf("-machine", { machineOptions: { pit: "on", "x-option-roms": "off" } });
    expect(options).toContain(",pit=on");
    expect(options).not.toContain("pit=off");
    expect(options).toContain(",x-option-roms=off");
  });

  it("double a comma in any value of a comma-separated option", () => {
    expect(valueOf("-machine", { machineOptions: { "oem-id": "a,b" } })).toContain(",oem-id=a,,b");
    expect(lines({ shares: [{ tag: "a,b" }], shareNames: { "a,b": "s" } })).toContain("tag=a,,b");
    expect(valueOf("-name", { name: "a,b" })).toBe("guest=a,,b");
    expect(valueOf("-append", { commandLine: "a,b" })).toContain("a,b");
    expect(valueOf("-append", { commandLine: "a,b" })).not.toContain("a,,b");
  });

  it("put the guest's own command line behind the preset's, as one argument", () => {
    const line = valueOf("-append", { commandLine: `debug init="/bin/sh -c 'x'"` });
    expect(line).toMatch(/^console=ttyS0 .* debug init="\/bin\/sh -c 'x'"$/);
  });

  it("give memory the same size everywhere", () => {
    expect(lines({ memoryMiB: 777 }).match(/777M/g)).toHaveLength(2);
  });
});
