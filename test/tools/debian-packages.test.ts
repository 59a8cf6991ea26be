import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureDebianPackages, type DebianOptions } from "../../tools/src/debian-packages.ts";
import { fakePath, temporaryFolder } from "./fake-tools.ts";

const query = `
shift 3
for name in "$@"; do
  case $name in
    curl|jq) echo "$name installed" ;;
    removed) echo "$name config-files" ;;
    *) echo "dpkg-query: no packages found matching $name" >&2; failed=1 ;;
  esac
done
exit \${failed:-0}`;

async function debian(apt: string): Promise<{ options: DebianOptions; log: () => Promise<string> }> {
  const log = join(await temporaryFolder(), "log");
  const script = `echo "$@ $DEBIAN_FRONTEND $SYSTEMD_OFFLINE $NEEDRESTART_SUSPEND" >> "${log}"\n${apt}`;
  const bin = await fakePath({ "dpkg-query": query, "apt-get": script, systemctl: "" });
  return {
    options: {
      env: { PATH: `${bin}:/usr/bin:/bin`, TOROCLOUD_CACHE: join(log, "..", "cache") },
      isRoot: true,
      retryMs: 1,
    },
    log: async () => (existsSync(log) ? readFile(log, "utf8") : ""),
  };
}

describe("Debian packages", () => {
  it("are not asked of apt when they are installed", async () => {
    const { options, log } = await debian("");
    await ensureDebianPackages(["curl", "jq"], options);
    await ensureDebianPackages([], options);
    expect(await log()).toBe("");
  });

  it("are installed where missing, without questions and without starting services", async () => {
    const { options, log } = await debian("");
    await ensureDebianPackages(["curl", "mmdebstrap", "removed"], options);
    const [update, install, ...more] = (await log()).trim().split("\n");
    expect(update).toMatch(/ update noninteractive 1 1$/);
    expect(install).toMatch(
      /DPkg::Lock::Timeout=300 .* install -y --no-install-recommends mmdebstrap removed noninteractive 1 1$/,
    );
    expect(more).toEqual([]);
  });

  it("are installed for one after the other, for an update may delete what an installation has fetched", async () => {
    const { options, log } = await debian("sleep 0.1");
    await Promise.all([
      ensureDebianPackages(["mmdebstrap"], options),
      ensureDebianPackages(["removed"], options),
    ]);
    const verbs = (await log()).match(/ (update|install) /g);
    expect(verbs).toEqual([" update ", " install ", " update ", " install "]);
  });

  it("wait for a lock that another apt holds, five times at most", async () => {
    const { options, log } = await debian(
      'echo "E: Could not get lock /var/lib/apt/lists/lock" >&2; exit 100',
    );
    await expect(ensureDebianPackages(["mmdebstrap"], options)).rejects.toThrow("E: Could not get lock");
    expect((await log()).trim().split("\n")).toHaveLength(5);
  });

  it("that no source has are named, with the command to type", async () => {
    const { options, log } = await debian(
      'case "$*" in *install*) echo "E: Unable to locate package nonesuch" >&2; exit 100; esac',
    );
    await expect(ensureDebianPackages(["mmdebstrap", "nonesuch"], options)).rejects.toThrow(
      "The Debian package nonesuch is not in this machine's package sources:\nE: Unable to locate package nonesuch\n" +
        "To see more, type: apt-get update && apt-get install -y --no-install-recommends mmdebstrap nonesuch",
    );
    expect((await log()).trim().split("\n")).toHaveLength(2);
  });

  it("are asked of the user who is not root", async () => {
    const { options } = await debian("");
    await expect(ensureDebianPackages(["curl", "mmdebstrap"], { ...options, isRoot: false })).rejects.toThrow(
      "needs the Debian packages mmdebstrap. Type: sudo apt-get install -y --no-install-recommends mmdebstrap",
    );
  });

  it("cannot be had on another system", async () => {
    const options = { env: { PATH: await fakePath({}) } };
    await expect(ensureDebianPackages(["curl"], options)).rejects.toThrow("this machine has no apt-get");
  });
});
