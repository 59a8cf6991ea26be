import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pulumiEnvironment, toolEnvironment } from "../../tools/src/pulumi-environment.ts";
import type { Pulumi } from "../../tools/src/pulumi.ts";
import { temporaryFolder } from "./fake-tools.ts";

const users: Pulumi = { command: "/usr/bin/pulumi", path: "/usr/bin", selfBuilt: false };
const built: Pulumi = { command: "/cache/pulumi", path: "/cache:/usr/bin", selfBuilt: true };

async function loggedIn(credentials: string): Promise<string> {
  const home = await temporaryFolder();
  await mkdir(join(home, ".pulumi"));
  await writeFile(join(home, ".pulumi", "credentials.json"), credentials);
  return home;
}

describe("the environment of Pulumi", () => {
  it("keeps state and a passphrase in the user's state folder by default", async () => {
    const home = await temporaryFolder();
    const env = await pulumiEnvironment(built, { HOME: home, OTHER: "kept" });
    const state = join(home, ".local/state/torocloud/pulumi");
    expect(env).toEqual({
      HOME: home,
      OTHER: "kept",
      PATH: "/cache:/usr/bin",
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(state, "passphrase"),
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
    });
    expect((await stat(state)).mode & 0o777).toBe(0o700);
    expect((await stat(join(state, "passphrase"))).mode & 0o777).toBe(0o600);
  });

  it("makes one passphrase, also for runs that start together", async () => {
    const home = await temporaryFolder();
    const other = await temporaryFolder();
    const file = join(home, ".local/state/torocloud/pulumi/passphrase");
    await Promise.all([1, 2, 3].map(async () => pulumiEnvironment(built, { HOME: home })));
    const first = await readFile(file, "utf8");
    await pulumiEnvironment(built, { HOME: home });
    await pulumiEnvironment(built, { HOME: other });
    expect(first).toMatch(/^[\w-]{43}\n$/);
    expect(await readFile(file, "utf8")).toBe(first);
    expect(await readFile(file.replace(home, other), "utf8")).not.toBe(first);
    expect(await readdir(join(file, ".."))).toEqual(["passphrase"]);
  });

  it.each([
    { PULUMI_CONFIG_PASSPHRASE: "own" },
    { PULUMI_CONFIG_PASSPHRASE: "" },
    { PULUMI_CONFIG_PASSPHRASE_FILE: "/own" },
  ])("leaves the user's passphrase alone: %o", async (own) => {
    const home = await temporaryFolder();
    const env = await pulumiEnvironment(built, { HOME: home, ...own });
    expect(env).toMatchObject({ ...own, PULUMI_BACKEND_URL: `file://${home}/.local/state/torocloud/pulumi` });
    expect(await readdir(join(home, ".local/state/torocloud/pulumi"))).toEqual([]);
  });

  it.each([{ PULUMI_BACKEND_URL: "s3://bucket" }, { PULUMI_ACCESS_TOKEN: "pul-1" }])(
    "makes nothing where the user has a backend: %o",
    async (own) => {
      const home = await temporaryFolder();
      const env = await pulumiEnvironment(users, { HOME: home, ...own });
      expect(env).toEqual({ HOME: home, ...own, PATH: "/usr/bin", PULUMI_SKIP_UPDATE_CHECK: "1" });
      expect(await readdir(home)).toEqual([]);
    },
  );

  it("makes a passphrase for a backend of the user's in a local folder", async () => {
    const home = await temporaryFolder();
    const env = await pulumiEnvironment(users, { HOME: home, PULUMI_BACKEND_URL: "file:///own" });
    expect(env["PULUMI_BACKEND_URL"]).toBe("file:///own");
    expect(env["PULUMI_CONFIG_PASSPHRASE_FILE"]).toBe(join(home, ".local/state/torocloud/pulumi/passphrase"));
  });

  it("uses the backend of `pulumi login`, and its own after `pulumi logout`", async () => {
    const current = await loggedIn('{"current":"https://api.pulumi.com"}');
    expect(await pulumiEnvironment(users, { HOME: current })).not.toHaveProperty("PULUMI_BACKEND_URL");
    const elsewhere = { HOME: await temporaryFolder(), PULUMI_HOME: join(current, ".pulumi") };
    expect(await pulumiEnvironment(users, elsewhere)).not.toHaveProperty("PULUMI_BACKEND_URL");
    const loggedOut = await loggedIn('{"current":""}');
    expect(await pulumiEnvironment(users, { HOME: loggedOut })).toHaveProperty("PULUMI_BACKEND_URL");
    const broken = await loggedIn("{");
    expect(await pulumiEnvironment(users, { HOME: broken })).not.toHaveProperty("PULUMI_BACKEND_URL");
  });

  it("lets the user's Pulumi download plugins, and the built one not", () => {
    const name = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION";
    expect(toolEnvironment(users, {})).not.toHaveProperty(name);
    expect(toolEnvironment(built, {})).toHaveProperty(name, "1");
    expect(toolEnvironment(built, { [name]: "0" })).toHaveProperty(name, "0");
  });
});
