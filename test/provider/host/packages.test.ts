import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyScript } from "../../../provider/src/host/artifact.ts";
import { debianPackages } from "../../../provider/src/host/packages.ts";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script } from "../../../provider/src/host/script.ts";
import { ShellHost } from "../shell-host.ts";

let host: ShellHost;
beforeEach(() => {
  host = new ShellHost();
  host.stub("apt-get", `echo "apt-get $*" >>"$HERE/log"; [ ! -e "$HERE/half-installed" ] || exit 100`);
  host.stub("dpkg", `echo "dpkg $*" >>"$HERE/log"; rm -f "$HERE/half-installed"`);
});
afterEach(() => {
  host.remove();
});

async function install(): Promise<{ exitCode: number; ran: readonly string[] }> {
  const artifact = debianPackages(["qemu-system-x86"]);
  const script = Script.join([prelude, applyScript([{ artifact, actual: "" }])]);
  const { exitCode } = await host.run(script);
  const log = readFileSync(host.path("log"), "utf8").trim().split("\n");
  return {
    exitCode,
    ran: log.map((line) =>
      line
        .split(" ")
        .filter((word) => !/^-|=/.test(word))
        .join(" "),
    ),
  };
}

it("packages are installed by one command where nothing is in the way", async () => {
  expect(await install()).toEqual({ exitCode: 0, ran: ["apt-get install qemu-system-x86"] });
});

it("packages whose installation was cut off are completed, which apt refuses to do by itself", async () => {
  await host.run(Script.fromTemplate(['touch "$HERE/half-installed"'], []));
  const { exitCode, ran } = await install();
  expect(existsSync(host.path("half-installed"))).toBe(false);
  expect(exitCode).toBe(0);
  expect(ran).toEqual([
    "apt-get install qemu-system-x86",
    "dpkg",
    "apt-get update",
    "apt-get install qemu-system-x86",
  ]);
  expect(readFileSync(host.path("log"), "utf8")).toContain("dpkg --force-confold --configure -a\n");
});
