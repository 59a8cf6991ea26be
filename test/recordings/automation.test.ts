import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, type PreviewResult } from "@pulumi/pulumi/automation/index.js";
import { Cloud } from "@torocloud/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkoutFolder, ensurePulumi, toolEnvironment } from "../../tools/src/index.ts";

const path = process.env["PATH"];
let folder: string;
let project: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "torocloud-automation-"));
  project = join(folder, "project");
  await cp(join(checkoutFolder, "test", "recordings", "0.1.0"), project, { recursive: true });
  await rm(join(project, "Pulumi.lab-recorded.yaml"));
  await writeFile(join(project, "Pulumi.yaml"), "name: torocloud\nruntime: nodejs\n");
  await symlink(join(checkoutFolder, "node_modules"), join(project, "node_modules"));
  env = toolEnvironment(await ensurePulumi());
  process.env["PATH"] = env["PATH"];
});
afterAll(async () => {
  process.env["PATH"] = path;
  await rm(folder, { recursive: true, force: true });
});

/** As somebody writes it who runs Pulumi within a program of their own. Paths are absolute: its folder is not Pulumi's. */
async function inlineProgram(): Promise<{ urls: unknown }> {
  await Promise.resolve();
  const { urls } = new Cloud("cloud", {
    ceph: { nodes: ["node1", "node2", "node3"] },
    clients: { hosts: ["host1", "host2"] },
    services: { web: { image: { kernel: join(project, "files/kernel") }, replicas: 2, port: 8080 } },
  });
  return { urls };
}

async function preview(stackName: string): Promise<PreviewResult> {
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName, projectName: "torocloud", program: inlineProgram },
    {
      workDir: project,
      envVars: {
        PULUMI_BACKEND_URL: `file://${folder}`,
        PULUMI_CONFIG_PASSPHRASE: "inline",
        PULUMI_SKIP_UPDATE_CHECK: "1",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
      },
    },
  );
  await stack.setConfig("torocloud:inventory", { value: join(project, "inventory.yaml") });
  await stack.setConfig("torocloud:vhostDeviceVsock", { value: join(project, "files/vhost-device-vsock") });
  return stack.preview();
}

describe("an inline program of the Automation API", () => {
  it("runs again in one process, for the same stack", async () => {
    const first = await preview("one");
    expect(first.changeSummary.create).toBeGreaterThan(30);
    expect((await preview("one")).changeSummary).toEqual(first.changeSummary);
  });

  it("runs for two stacks side by side", async () => {
    const [one, two] = await Promise.all([preview("two"), preview("three")]);
    expect(one.changeSummary).toEqual(two.changeSummary);
    expect(one.stderr + two.stderr).not.toContain("are both");
  });
});
