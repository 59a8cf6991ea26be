import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensurePython } from "../../tools/src/host-program-checks.ts";
import { fakePath, temporaryFolder } from "./fake-tools.ts";

/** Says which version it is, "makes" an environment whose python logs what it installs, and logs what it is asked. */
const fakePython = (version: string): string => `
case "$*" in
  *ensurepip*) exit 0 ;;
  *sys.executable*) echo "$0"; for part in ${version}; do echo "$part"; done ;;
  *"-m venv"*) mkdir -p "$3/bin"; echo '#!/bin/sh
echo "$@" >>"$LOG"' >"$3/bin/python"; chmod 755 "$3/bin/python" ;;
esac`;

async function machineWith(scripts: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv> {
  const [bin, cache] = [await fakePath(scripts), await temporaryFolder()];
  return { PATH: `${bin}:/usr/bin:/bin`, TOROCLOUD_CACHE: cache, LOG: join(cache, "log") };
}

describe("what checks the host program", () => {
  it("is installed once, with all that it needs listed", async () => {
    const env = await machineWith({ python3: fakePython("3 13 5") });
    const python = await ensurePython(env);
    expect(python).toMatch(/\/host-program-checks\/python-3\.13\.5-[0-9a-f]{16}\/bin\/python$/);
    expect(await ensurePython(env)).toBe(python);
    const log = await readFile(String(env["LOG"]), "utf8");
    expect(log).toMatch(/^-m pip install .*--no-deps --requirement \S*requirements-dev\.txt\n$/);
  });

  it("needs a Python that is new enough", async () => {
    const env = await machineWith({ python3: fakePython("3 9 2") });
    await expect(ensurePython(env)).rejects.toThrow(
      /^The checks of the host program need Python 3\.11 or later, and python3 is 3\.9\.2 \(.*\)\.$/,
    );
  });

  it("says which Debian package is missing where python3 cannot make environments", async () => {
    const env = await machineWith({ python3: "exit 1", "apt-get": "", "dpkg-query": "" });
    const installed = await machineWith({ python3: "exit 1", "dpkg-query": "exit 1" });
    await expect(ensurePython({ ...env, PATH: String(env["PATH"]).split(":")[0] }, false)).rejects.toThrow(
      /^This needs the Debian packages python3-venv\. Type: sudo apt-get install .* python3-venv$/,
    );
    await expect(
      ensurePython({ ...installed, PATH: String(installed["PATH"]).split(":")[0] }),
    ).rejects.toThrow(/python3-venv, and this machine has no apt-get/);
  });
});

it("the versions are exact", async () => {
  const file = new URL("../../provider/host-program/requirements-dev.txt", import.meta.url);
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  expect(lines.filter((line) => !/^[\w-]+==[\d.]+$/.test(line))).toEqual([]);
});
