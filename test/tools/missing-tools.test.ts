import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensurePulumi } from "../../tools/src/pulumi.ts";
import { ensureVhostDeviceVsock } from "../../tools/src/vhost-device-vsock.ts";
import { fakePath, temporaryFolder } from "./fake-tools.ts";

async function machineWith(
  scripts: Readonly<Record<string, string>>,
): Promise<{ env: NodeJS.ProcessEnv; cache: string; bin: string }> {
  const [bin, cache] = [await fakePath(scripts), await temporaryFolder()];
  return { env: { PATH: bin, TOROCLOUD_CACHE: cache, HOME: cache, LOG: join(cache, "log") }, cache, bin };
}

/** Logs its arguments and its environment's checksum settings, and "builds" the file after -o. */
const fakeGo = `
[ "$1" = build ] || exit 0
echo "$@ CGO_ENABLED=$CGO_ENABLED GOWORK=$GOWORK GOPROXY=$GOPROXY GOSUMDB=$GOSUMDB" >> "$LOG"
while [ "$1" != -o ]; do shift; done
echo "#!/bin/sh" > "$2"`;

describe("Pulumi", () => {
  it("is the user's own where it is whole", async () => {
    const { env, bin, cache } = await machineWith({
      pulumi: "",
      "pulumi-language-nodejs": "",
      "pulumi-resource-pulumi-nodejs": "",
    });
    expect(await ensurePulumi(env)).toEqual({ command: join(bin, "pulumi"), path: bin, selfBuilt: false });
    expect(await readdir(cache)).toEqual([]);
  });

  it("is built with Go where there is none, with its companions beside it, and only once", async () => {
    const { env, bin, cache } = await machineWith({ go: fakeGo });
    env["PATH"] = `${bin}:/usr/bin:/bin`;
    env["GOPROXY"] = "users-own";
    const first = await ensurePulumi(env);
    const [folder] = first.path.split(":");
    expect(first).toMatchObject({
      command: join(String(folder), "pulumi"),
      path: `${folder}:${bin}:/usr/bin:/bin`,
      selfBuilt: true,
    });
    expect(await readdir(String(folder))).toEqual([
      "pulumi",
      "pulumi-language-nodejs",
      "pulumi-resource-pulumi-nodejs",
    ]);
    const log = await readFile(join(cache, "log"), "utf8");
    expect(log.trim().split("\n")).toHaveLength(2);
    expect(log).toContain("build -mod=readonly -buildvcs=false -trimpath -tags osusergo,grpcnotrace");
    expect(log).toContain("CGO_ENABLED=0 GOWORK=off GOPROXY=users-own GOSUMDB=\n");
    expect(await ensurePulumi(env)).toEqual(first);
    expect(await readFile(join(cache, "log"), "utf8")).toBe(log);
    // What a child process sees: the built one is found on the PATH, and still known as built.
    expect(await ensurePulumi({ ...env, PATH: first.path })).toMatchObject({
      command: first.command,
      selfBuilt: true,
    });
  });

  it("gets only the companion that it lacks", async () => {
    const { env, bin, cache } = await machineWith({
      go: fakeGo,
      pulumi: "",
      "pulumi-resource-pulumi-nodejs": "",
    });
    env["PATH"] = `${bin}:/usr/bin:/bin`;
    const pulumi = await ensurePulumi(env);
    expect(pulumi).toMatchObject({ command: join(bin, "pulumi"), selfBuilt: false });
    expect(await readdir(String(pulumi.path.split(":")[0]))).toEqual(["pulumi-language-nodejs"]);
    expect(await readFile(join(cache, "log"), "utf8")).toMatch(
      /^build .*pulumi-language-nodejs CGO_ENABLED=0.*\n$/,
    );
  });

  it("asks for itself or Go where there is neither", async () => {
    const { env } = await machineWith({});
    await expect(ensurePulumi(env)).rejects.toThrow(
      "the Pulumi CLI is not on the PATH, and neither is Go, to build it. Either type: curl -fsSL https://get.pulumi.com | sh",
    );
  });

  it("shows what a Go that is too old says", async () => {
    const { env } = await machineWith({
      go: 'echo "go: go.mod requires go >= 1.25.11 (running go 1.24.4)" >&2; exit 1',
    });
    await expect(ensurePulumi(env)).rejects.toThrow(
      /this machine's Go cannot build it:\n.*running go 1\.24\.4\)\nEither type: curl/,
    );
  });
});

/** What a cargo does that brings a crate's source. */
const fetches =
  '[ "$1" != fetch ] || { mkdir -p "$CARGO_HOME/registry/src/registry/vhost-device-vsock-0.3.0"; exit 0; }';

describe("the user-space vsock device", () => {
  it("is installed by cargo into the cache, once", async () => {
    const cargo = `${fetches}; echo "$@" >> "$LOG"
      while [ "$1" != --root ]; do shift; done; mkdir "$2/bin"; echo > "$2/bin/vhost-device-vsock"`;
    const { env, bin, cache } = await machineWith({ cargo, cc: "", git: "echo patched > patched" });
    env["PATH"] = `${bin}:/usr/bin:/bin`;
    env["CARGO_HOME"] = join(cache, "cargo");
    const file = await ensureVhostDeviceVsock(env);
    expect(existsSync(file)).toBe(true);
    expect(await ensureVhostDeviceVsock(env)).toBe(file);
    expect(await readFile(join(cache, "log"), "utf8")).toMatch(
      /^install --path \S+\/source --locked --root .*\n$/,
    );
  });

  it("asks for cargo, and for a linker", async () => {
    await expect(ensureVhostDeviceVsock((await machineWith({})).env)).rejects.toThrow(
      "type: apt-get install -y cargo",
    );
    await expect(ensureVhostDeviceVsock((await machineWith({ cargo: "" })).env)).rejects.toThrow(
      "apt-get install -y gcc libc6-dev",
    );
  });

  it("shows what cargo says when it fails, leaves no entry and builds on the next attempt", async () => {
    const { env, bin, cache } = await machineWith({
      cargo: "echo error: no such registry >&2; exit 101",
      cc: "",
      git: "",
    });
    env["PATH"] = `${bin}:/usr/bin:/bin`;
    env["CARGO_HOME"] = join(cache, "cargo");
    await expect(ensureVhostDeviceVsock(env)).rejects.toThrow(
      /failed with exit code 101:\nerror: no such registry\n.*Rust 1\.85/,
    );
    await writeFile(
      join(bin, "cargo"),
      `#!/bin/sh\n${fetches}\nwhile [ "$1" != --root ]; do shift; done; echo > "$2/built"\n`,
    );
    await expect(ensureVhostDeviceVsock(env)).resolves.toMatch(/vhost-device-vsock$/);
  });
});
