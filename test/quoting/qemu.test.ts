import { describe, expect, it } from "vitest";
import { qemuArguments, type GuestMachine } from "../../provider/src/microvm/qemu.ts";
import { expectSame, hostileValues } from "./hostile.ts";

const values = hostileValues();

/**
 * A comma-separated option as QEMU reads it (util/qemu-option.c, util/keyval.c): a comma ends a value unless it is
 * doubled; the first part may lack its name.
 */
function options(text: string, implied: string): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < text.length;) {
    const name = /[^=,]*/y;
    name.lastIndex = at;
    let key = name.exec(text)?.[0] ?? "";
    if (text.charAt(at + key.length) === "=") at += key.length + 1;
    else key = at === 0 ? implied : `no value: ${key}`;
    let value = "";
    for (; at < text.length; at++) {
      if (text.charAt(at) === "," && text.charAt(++at) !== ",") break;
      value += text.charAt(at);
    }
    if (found.has(key)) throw new Error(`${key} is given twice in ${text}`);
    found.set(key, value);
  }
  return found;
}

const machine: GuestMachine = {
  name: "web",
  accel: "kvm",
  preset: "toro",
  machineOptions: {},
  kernel: "/kernel",
  commandLine: "",
  memoryMiB: 128,
  cpus: 1,
  shares: [],
  shareNames: {},
  vsock: "user",
  contextId: 42,
};

/** What QEMU is told with this option, each time that it is given. */
function told(guest: Partial<GuestMachine>, option: string): string[] {
  const argv = qemuArguments({ ...machine, ...guest });
  return argv.flatMap((word, index) => (argv[index - 1] === option ? [word] : []));
}

const one = (guest: Partial<GuestMachine>, option: string, implied: string): Map<string, string> =>
  options(told(guest, option)[0] ?? "", implied);

describe("a value in an option of QEMU", () => {
  it("would be more than one if its commas were not doubled", () => {
    expect([...options("guest=a,debug-threads=on", "guest")]).toEqual([
      ["guest", "a"],
      ["debug-threads", "on"],
    ]);
    expect([...options("microvm,x=a,,b", "type")]).toEqual([
      ["type", "microvm"],
      ["x", "a,b"],
    ]);
  });

  it("is the guest's name, and nothing else of -name", () => {
    const names = values.map((name) => one({ name }, "-name", "guest"));
    expectSame(
      names.map((found) => found.get("guest")),
      values,
      "-name",
    );
    expect(names.filter((found) => found.size !== 1)).toEqual([]);
  });

  it("is one option of the machine", () => {
    const machines = values.map((value) => one({ machineOptions: { "oem-id": value } }, "-machine", "type"));
    expectSame(
      machines.map((found) => found.get("oem-id")),
      values,
      "-machine",
    );
    expect(new Set(machines.map(({ size }) => size))).toEqual(
      new Set([one({}, "-machine", "type").size + 1]),
    );
  });

  it("is a share's tag and socket", () => {
    const shares = values.map((value) => ({ shares: [{ tag: value }], shareNames: { [value]: value } }));
    const sockets = shares.map((guest) => options(told(guest, "-chardev")[1] ?? "", "backend"));
    const devices = shares.map((guest) => options(told(guest, "-device")[0] ?? "", "driver"));
    expectSame(
      sockets.map((found) => found.get("path")),
      values.map((value) => `/run/torocloud-share-${value}.sock`),
      "-chardev",
    );
    expectSame(
      devices.map((found) => found.get("tag")),
      values,
      "-device",
    );
    expect(new Set([...sockets, ...devices].map(({ size }) => size))).toEqual(new Set([3]));
  });

  it("is the path of a console and of a vsock device", () => {
    const devices = values.map((name) =>
      told({ name }, "-chardev").map((text) => options(text, "backend").get("path")),
    );
    expectSame(
      devices.flat(),
      values.flatMap((name) => [
        `/var/log/torocloud/${name}.console.log`,
        `/run/torocloud-vsock-${name}/device.sock`,
      ]),
      "-chardev",
    );
  });

  it("stands behind the preset's words on the kernel's command line, as it is", () => {
    const given = values.filter(Boolean);
    expectSame(
      given.map((commandLine) => told({ commandLine }, "-append")[0]),
      given.map((commandLine) => `virtiovsocket,virtiofs ${commandLine}`),
      "-append",
    );
  });
});
