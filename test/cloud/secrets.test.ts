import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leaks, unused } from "./secrets/allowed.ts";
import { plantDecoys, searchEverywhere, type Searched } from "./secrets/everywhere.ts";
import { blockKeyring, interruptAtKeyring, spoilKeyring, timeOutAtKeyring } from "./secrets/keyed-step.ts";
import { beginLife, plainWords, type Life } from "./secrets/life.ts";
import { making, mistakes } from "./secrets/mistakes.ts";
import { onHost } from "./support/hosts.ts";
import { endRuns } from "./support/stack.ts";
import { closeWorkspace } from "./support/workspace.ts";

let life: Life;

beforeAll(async () => {
  life = await beginLife((line) => process.stderr.write(`${line}\n`));
});

afterAll(async () => {
  endRuns();
  const begun = life as Life | undefined;
  await closeWorkspace(begun?.workspace, async () => begun?.end());
});

describe("A cloud in the middle of secrets", () => {
  it("is previewed and comes up", async () => {
    await life.must("preview");
    await life.must("up", { args: ["--skip-preview"] });
    await life.harvest();
    const names = life.secrets().map(({ name }) => name);
    for (const entity of ["mon.", "client.admin", "client.bootstrap-osd", "client.ceph"])
      expect(names).toContain(entity);
    for (const kind of [/^mgr\./, /^mds\./, /^osd\./])
      expect(names.filter((name) => kind.test(name)).length).toBeGreaterThan(1);
  });

  it("is edited, with its decoy in a process list", async () => {
    const args = [
      "--config",
      `torocloud-secrets:decoy=${life.decoy}`,
      "--config",
      "torocloud-secrets:memoryMiB=136",
    ];
    await life.must("preview", { args });
    await life.must("up", { args: ["--skip-preview", ...args] });
    await life.must("refresh", { args: ["--expect-no-changes"] });
  });

  it("drifts where its keys are, and is repaired", async () => {
    await onHost(life.workspace, "host1", "echo '# edited' >>/etc/torocloud/ceph-storage/keyring");
    await onHost(life.workspace, "node2", "chmod 644 /etc/ceph/ceph.client.admin.keyring");
    const { output } = await life.must("refresh");
    expect(plainWords(output)).toContain("keyring has other content");
    expect(plainWords(output)).toContain("ceph.client.admin.keyring has mode 644, not 600");
    await life.must("up", { args: ["--skip-preview"] });
    expect(await onHost(life.workspace, "node2", "stat -c %a /etc/ceph/ceph.client.admin.keyring")).toBe(
      "600\n",
    );
    await life.must("refresh", { args: ["--expect-no-changes"] });
  });
});

describe("A mistake with a secret is refused, and not shown", () => {
  it.each(mistakes)("$title", async (mistake) => {
    const env = await making(life, mistake);
    const { exitCode, output } = await life.run(mistake.command, { env });
    await rm(`${life.workspace.folder}/keys/mistaken-inventory.yaml`, { force: true });
    expect(plainWords(output)).toMatch(mistake.says);
    expect(exitCode).not.toBe(0);
  });
});

describe("A step that handles a key", () => {
  it("fails, and says at what", async () => {
    const repair = await spoilKeyring(life);
    const { exitCode, output } = await life.run("up", { args: ["--skip-preview"] });
    await repair();
    expect(exitCode).not.toBe(0);
    expect(plainWords(output)).toContain("while making file /etc/torocloud/ceph-storage/keyring");
    await life.must("up", { args: ["--skip-preview"] });
  });

  it("runs into its time limit", async () => {
    const problem = await timeOutAtKeyring(life);
    await life.keep(problem);
    expect(problem).toMatch(/^host1: it did not end within 3 s and was ended/);
  });

  it("is interrupted", async () => {
    const repair = await blockKeyring(life);
    const { exitCode } = await interruptAtKeyring(life);
    await repair();
    expect(exitCode).not.toBe(0);
    await life.must("up", { args: ["--skip-preview"] });
    await life.must("refresh", { args: ["--expect-no-changes"] });
  });
});

describe("A search of all files, processes, logs and states", () => {
  let searched: Searched;

  it("finds the decoy wherever a secret could have been", async () => {
    const expected = await plantDecoys(life);
    await life.harvest();
    searched = await searchEverywhere(life);
    const found = searched.finds.filter(({ secret }) => secret.startsWith("decoy"));
    const missed = expected.filter(
      ({ where, path }) => !found.some((find) => find.where === where && path.test(find.path)),
    );
    expect(missed).toEqual([]);
  });

  it("finds each secret in its places, and nowhere else", () => {
    const secrets = searched.finds.filter(({ secret }) => !secret.startsWith("decoy"));
    expect(leaks(secrets)).toEqual([]);
    expect(unused(secrets)).toEqual([]);
  });

  it("finds nothing but the decoy and the shared file as a user who is nobody", () => {
    const names = new Set(searched.nobody.map(({ secret }) => secret));
    expect([...names].sort()).toEqual(["decoy", "the shared file"]);
  });
});

describe("After its end", () => {
  it("a destroy that keeps data, an up that finds it again, and a destroy that keeps nothing", async () => {
    await life.must("destroy", { args: ["--skip-preview"] });
    await life.must("up", { args: ["--skip-preview"] });
    await life.harvest();
    await life.must("up", { args: ["--skip-preview", "--config", "torocloud:onDelete=destroyData"] });
    await life.must("destroy", { args: ["--skip-preview"] });
  });

  it("no secret is left on any host, and none has come elsewhere", async () => {
    const { finds } = await searchEverywhere(life);
    expect(finds.filter(({ secret }) => secret === "decoy").length).toBeGreaterThan(3); // in logs
    const secrets = finds.filter(({ secret }) => !secret.startsWith("decoy"));
    expect(leaks(secrets)).toEqual([]);
    expect(secrets.filter(({ where }) => where !== "here")).toEqual([]);
  });
});
