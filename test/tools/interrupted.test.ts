import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectOf, stackFiles } from "../../tools/src/interrupted/file-backend.ts";
import { resumeInterrupted } from "../../tools/src/interrupted/resume.ts";
import { readLocks } from "../../tools/src/interrupted/stale-lock.ts";
import {
  creates,
  takeOver,
  type Deployment,
  type StateResource,
} from "../../tools/src/interrupted/take-over.ts";
import { fakePath, temporaryFolder } from "./fake-tools.ts";

/** The id of a process that has ended. */
async function gone(): Promise<number> {
  const child = spawn("true");
  await once(child, "close");
  return child.pid ?? 0;
}

async function lockFolder(...holders: readonly object[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const [index, holder] of holders.entries()) {
    await writeFile(join(folder, `${String(index)}.json`), JSON.stringify(holder));
    await writeFile(join(folder, `${String(index)}.json.attrs`), "{}");
  }
  return folder;
}

describe("a lock of the file backend", () => {
  it("is stale when its process of this machine is gone", async () => {
    const pid = await gone();
    const { stale, held } = readLocks(await lockFolder({ pid, hostname: hostname() }));
    expect(stale).toMatchObject([{ pid }]);
    expect(held).toBe(false);
  });

  it("is stale when its number is that of a process which is not Pulumi", async () => {
    const { held } = readLocks(await lockFolder({ pid: process.pid, hostname: hostname() }));
    expect(held).toBe(process.platform !== "linux");
  });

  it("is held where Pulumi runs", async () => {
    const path = await fakePath({ "pulumi-sleeps": "read nothing" });
    const child = spawn(join(path, "pulumi-sleeps"), { stdio: ["pipe", "ignore", "ignore"] });
    await once(child, "spawn");
    const { stale, held } = readLocks(await lockFolder({ pid: child.pid, hostname: hostname() }));
    child.stdin.end();
    expect({ stale, held }).toEqual({ stale: [], held: true });
  });

  it("is held as far as we know when it is another machine's, or unreadable", async () => {
    const pid = await gone();
    const other = readLocks(await lockFolder({ pid, hostname: "elsewhere" }, { pid, hostname: hostname() }));
    expect(other).toMatchObject({ held: true, stale: [{ pid }] });
    const folder = await lockFolder();
    await writeFile(join(folder, "half.json"), "{");
    expect(readLocks(folder).held).toBe(true);
    expect(readLocks(join(folder, "none"))).toEqual({ stale: [], held: false });
  });
});

const type = "pulumi-nodejs:dynamic/torocloud:PortForward";
const urn = `urn:pulumi:s::p::${type}::web-0-forward`;
const forward: StateResource = { urn, type, id: "host1/port-forward/8080", outputs: { listenPort: 8080 } };
const other: StateResource = { ...forward, urn: `${urn}-other`, id: "host1/port-forward/9000" };
const begun: StateResource = { urn, type, inputs: { listenPort: 8090 } };
const id = "host1/port-forward/8090";
const outputs = { listenPort: 8090, drift: ["an earlier change was interrupted"] };
const creating = (resources: readonly StateResource[]): Deployment => ({
  resources,
  pending_operations: [{ type: "creating", resource: begun }],
});

describe("a pending operation", () => {
  it("of something that was begun puts it into the state, after what it depends on", () => {
    const before = creating([other]);
    expect(creates(before)).toEqual([begun]);
    const { deployment, settled } = takeOver(before, [{ urn, id, outputs }]);
    expect(settled).toEqual(["creating web-0-forward"]);
    expect(deployment).toEqual({ resources: [other, { ...begun, id, outputs }], pending_operations: [] });
  });

  it("of something of which nothing was made is dropped", () => {
    const { deployment } = takeOver(creating([other]), [{ urn, absent: true }]);
    expect(deployment).toEqual({ resources: [other], pending_operations: [] });
  });

  it("stays when its host could not be asked", () => {
    const before = creating([other]);
    expect(takeOver(before, [{ urn, error: "host1: no answer" }])).toEqual({
      deployment: before,
      settled: [],
    });
    expect(takeOver(before, [])).toEqual({ deployment: before, settled: [] });
  });

  it("of a replacement takes the place of what was deleted for it", () => {
    const { deployment } = takeOver(creating([{ ...forward, pendingReplacement: true }, other]), [
      { urn, id, outputs },
    ]);
    expect(deployment.resources).toEqual([other, { ...begun, id, outputs }]);
  });

  it("of a replacement stays while what it is to replace lives", () => {
    const before = creating([forward]);
    expect(takeOver(before, [{ urn, id, outputs }])).toEqual({ deployment: before, settled: [] });
  });

  it("that a later run has completed is dropped", () => {
    const done = { ...forward, id };
    const { deployment } = takeOver(creating([done]), [{ urn, id, outputs }]);
    expect(deployment).toEqual({ resources: [done], pending_operations: [] });
  });

  it("that updates or deletes makes the next up look at what it was at, and at nothing else", () => {
    for (const type of ["updating", "deleting"]) {
      const pending = { resources: [other, forward], pending_operations: [{ type, resource: forward }] };
      const { deployment } = takeOver(pending, []);
      expect(deployment.pending_operations).toEqual([]);
      expect(deployment.resources).toMatchObject([other, { outputs: { listenPort: 8080 } }]);
      expect(deployment.resources?.[0]?.outputs).not.toHaveProperty("drift");
      expect(deployment.resources?.[1]?.outputs?.["drift"]).toHaveLength(1);
    }
  });

  it("of somebody else's resource is left to Pulumi", () => {
    const theirs = { urn: "urn:pulumi:s::p::aws:s3:Bucket::b", type: "aws:s3:Bucket" };
    const before = { resources: [], pending_operations: [{ type: "creating", resource: theirs }] };
    expect(creates(before)).toEqual([]);
    expect(takeOver(before, [])).toEqual({ deployment: before, settled: [] });
  });
});

describe("a stack's files", () => {
  it("are found by the environment, else by the login, else not at all", async () => {
    const at = { project: "p", stack: "s" };
    const expected = { locks: "/x/.pulumi/locks/organization/p/s", state: "/x/.pulumi/stacks/p/s.json" };
    expect(stackFiles({ PULUMI_BACKEND_URL: "file:///x" }, at)).toEqual(expected);
    const home = await temporaryFolder();
    await writeFile(join(home, "credentials.json"), JSON.stringify({ current: "file:///x" }));
    expect(stackFiles({ PULUMI_HOME: home }, at)).toEqual(expected);
    expect(stackFiles({ PULUMI_BACKEND_URL: "https://example.org" }, at)).toBeUndefined();
    expect(stackFiles({ HOME: home, PULUMI_BACKEND_URL: "file://~/y" }, at)?.state).toBe(
      join(home, "y/.pulumi/stacks/p/s.json"),
    );
  });

  it("belong to the project of the folder or of one above", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "a", "b"), { recursive: true });
    await writeFile(join(folder, "Pulumi.yaml"), "name: mine\nruntime: nodejs\n");
    expect(projectOf(join(folder, "a", "b"))).toBe("mine");
  });
});

describe("a run after one that was killed", () => {
  async function project(): Promise<{ cwd: string; env: NodeJS.ProcessEnv; locks: string; command: string }> {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "Pulumi.yaml"), "name: p\n");
    const locks = join(cwd, ".pulumi/locks/organization/p/s");
    await mkdir(locks, { recursive: true });
    const command = join(await fakePath({ pulumi: `echo s` }), "pulumi"); // the selected stack
    return { cwd, locks, command, env: { PULUMI_BACKEND_URL: `file://${cwd}`, PATH: process.env["PATH"] } };
  }

  it("finds the lock gone, whichever way the stack is named", async () => {
    for (const args of [["up"], ["destroy", "-s", "s"], ["refresh", "--stack=organization/p/s"]]) {
      const { locks, ...at } = await project();
      await writeFile(join(locks, "x.json"), JSON.stringify({ pid: await gone(), hostname: hostname() }));
      await resumeInterrupted({ ...at, args });
      expect(await readdir(locks)).toEqual([]);
    }
  });

  it("finds it as it was when it only looks, or is about another stack", async () => {
    for (const args of [["preview"], ["up", "--stack", "another"]]) {
      const { locks, ...at } = await project();
      await writeFile(join(locks, "x.json"), JSON.stringify({ pid: await gone(), hostname: hostname() }));
      await resumeInterrupted({ ...at, args });
      expect(await readdir(locks)).toEqual(["x.json"]);
    }
  });
});
