import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkoutFolder, ensurePulumi, toolEnvironment } from "../../tools/src/index.ts";

interface Recording {
  readonly deployment: { readonly resources: readonly Record<string, unknown>[] };
  readonly sources: Readonly<Record<string, string>>;
}

/** Identities are derived from it, so every recording was made under this name. */
const stack = "lab-recorded";
const recordings = join(checkoutFolder, "test", "recordings");
const folders = await readdir(recordings, { withFileTypes: true });
const versions = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);

let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "torocloud-recordings-"));
  env = {
    ...toolEnvironment(await ensurePulumi()),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "recorded",
  };
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The recording as a project of its own, with its state in a stack. */
async function open(version: string): Promise<string> {
  const project = join(folder, version);
  await cp(join(recordings, version), project, { recursive: true });
  await symlink(join(checkoutFolder, "node_modules"), join(project, "node_modules"));
  const { deployment, sources, ...rest } = JSON.parse(
    await readFile(join(project, "state.json"), "utf8"),
  ) as Recording;
  const whole = (props: unknown): unknown => {
    const known = props as Record<string, unknown> | undefined;
    const source = known?.["__provider"];
    return typeof source === "string" ? { ...known, __provider: sources[source] } : known;
  };
  const resources = deployment.resources.map((resource) => ({
    ...resource,
    inputs: whole(resource["inputs"]),
    outputs: whole(resource["outputs"]),
  }));
  const state = join(folder, `${version}.json`);
  await writeFile(state, JSON.stringify({ ...rest, deployment: { ...deployment, resources } }));
  await pulumi(project, "stack", "select", "--create");
  await pulumi(project, "stack", "import", "--file", state);
  return project;
}

async function pulumi(cwd: string, ...args: readonly string[]): Promise<string> {
  const words = [...args, "--stack", stack, "--non-interactive", "--color", "never"];
  return promisify(execFile)("pulumi", words, { cwd, env }).then(
    ({ stdout }) => stdout,
    (cause: unknown) => {
      const { stdout, stderr } = cause as { readonly stdout: string; readonly stderr: string };
      throw new Error(`pulumi ${args.join(" ")}:\n${stdout}\n${stderr}`, { cause });
    },
  );
}

describe.each(versions)("a cloud that version %s made", (version) => {
  let project: string;
  beforeAll(async () => {
    project = await open(version);
  });

  it("is as today's version would have it: a preview finds nothing to do", async () => {
    const said = await pulumi(project, "preview", "--expect-no-changes");
    expect(said).toContain("43 unchanged");
  });

  it("is compared for real: another memory is a change", async () => {
    const program = join(project, "index.mjs");
    await writeFile(program, (await readFile(program, "utf8")).replace("memoryMiB: 128", "memoryMiB: 256"));
    expect(await pulumi(project, "preview")).toMatch(/2 to update/);
  });
});
