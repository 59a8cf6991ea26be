import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
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
  const named = args.includes("--stack") ? [] : ["--stack", stack];
  const words = [...args, ...named, "--non-interactive", "--color", "never"];
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
  beforeEach(async () => {
    await cp(join(recordings, version, "index.mjs"), join(project, "index.mjs"));
  });

  it("is as today's version would have it: shares become parts of their guests, and the rest is only noted", async () => {
    const said = await pulumi(project, "preview");
    const nodes = '["node1"] → ["node1","node2","node3"]';
    expect(notesIn(said).map((note) => note.replace(/web-[0-9a-f]{12}/, "web-…"))).toEqual([
      `ceph-client-key/ceph: hosts ${nodes}: only recorded`,
      `ceph-file-system/ceph: hosts ${nodes}: only recorded`,
      'host1/ceph-mount/storage: keysFrom ["node1"] → ["node1","node2","node3"]: only recorded',
      `host1/guest/web-0: shares [{"share":"web-0","tag":"site"}] → ${servedNow}: only recorded`,
      'host1/guest/web-0: turn nothing → "web": only recorded',
      'host2/ceph-mount/storage: keysFrom ["node1"] → ["node1","node2","node3"]: only recorded',
      `host2/guest/web-1: shares [{"share":"web-1","tag":"site"}] → ${servedNow}: only recorded`,
      'host2/guest/web-1: turn nothing → "web": only recorded',
      'image/web-…: hosts ["host1"] → ["host1","host2"]: only recorded',
      'node1/ceph-node/ceph: keysFrom ["node1"] → ["node1","node2","node3"]: only recorded',
      'node2/ceph-node/ceph: keysFrom ["node1"] → ["node1","node2","node3"]: only recorded',
      'node3/ceph-node/ceph: keysFrom ["node1"] → ["node1","node2","node3"]: only recorded',
      'shared-files/web: hosts ["host1"] → ["host1","host2"]: only recorded',
    ]);
    expect(summaryOf(said)).toEqual(onlyNoted);
  });

  it("may ignore changes, of fields that are derived too", async () => {
    await edit(project, /^\}\);$/m, (end) => end.replace(")", ", { transforms: [ignoring] })"));
    await edit(project, "const cloud", (start) => `${ignoring}\n${start}`);
    const said = await pulumi(project, "preview");
    expect(summaryOf(said)).toEqual(onlyNoted);
  });

  it("is compared for real: another memory is a change", async () => {
    await edit(project, "memoryMiB: 128", () => "memoryMiB: 256");
    const said = await pulumi(project, "preview");
    expect(notesIn(said).filter((note) => note.includes("memoryMiB"))).toEqual([
      "host1/guest/web-0: memoryMiB 128 → 256: restarts it",
      "host2/guest/web-1: memoryMiB 128 → 256: restarts it",
    ]);
    expect(summaryOf(said)).toEqual(onlyNoted);
  });

  it("says in a preview what is said of each field once, and not what would be if values were not known", async () => {
    await edit(project, 'hosts: ["host1", "host2"],', (hosts) => `${hosts} mountPoint: "/srv/other",`);
    const notes = notesIn(await pulumi(project, "preview"));
    const fields = notes.map((note) => note.split(" ").slice(0, 2).join(" "));
    expect(fields).toContain("host1/guest/web-0: shares");
    expect(new Set(fields).size).toBe(fields.length);
    expect(notes.join("\n")).not.toMatch(/04da6b54|known after apply/);
  });

  it("keeps every identity when its stack is renamed: nothing is replaced, only facts are to be asked again", async () => {
    await pulumi(project, "stack", "rename", "renamed");
    const said = await pulumi(project, "preview", "--stack", "renamed");
    expect(summaryOf(said).map((line) => line.replace(/\d+/, "n"))).toEqual([
      "+ n to create",
      "~ n to update",
      "- n to delete",
      "n changes. 5 unchanged",
    ]);
    expect(notesIn(said).join("\n")).not.toMatch(/04da6b54|replace|fsid|uuid|contextId/);
  });
});

/** The shares of both guests become one, and eleven resources are noted anew. */
const onlyNoted = ["+ 1 to create", "~ 11 to update", "- 2 to delete", "14 changes. 30 unchanged"];

const servedNow =
  '[{"share":{"cache":"auto","readOnly":false,"source":"/srv/torocloud/shares/web"},"tag":"site"}]';

/** Of every resource: what the engine may ask for is in its former inputs, derived or not. */
const ignoring = `const ignoring = ({ type, props, opts }) =>
  ({ props, opts: { ...opts, ignoreChanges: type.endsWith("SharedFiles") ? ["digest", "path"] : [] } });`;

async function edit(
  project: string,
  what: string | RegExp,
  change: (found: string) => string,
): Promise<void> {
  const program = join(project, "index.mjs");
  await writeFile(program, (await readFile(program, "utf8")).replace(what, change));
}

/** The sentences about resources, each as often as it was said. */
function notesIn(said: string): readonly string[] {
  const told = said.slice(said.indexOf("Diagnostics:"), said.indexOf("Resources:"));
  return told
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^[a-z0-9-]+\/[a-z0-9/-]+: /.test(line))
    .sort();
}

/** The counts at the end. */
function summaryOf(said: string): readonly string[] {
  const summary = said.slice(said.indexOf("Resources:")).split("\n").slice(1);
  return summary.map((line) => line.trim()).filter((line) => /\d+ (to |unchanged)/.test(line));
}
