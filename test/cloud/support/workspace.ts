import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labDown, labUp } from "../../../lab/src/index.ts";
import { ensureDemoImage } from "../../../tools/src/demo-image.ts";
import {
  ensureDebianPackages,
  ensurePulumi,
  ensureVhostDeviceVsock,
  toolEnvironment,
} from "../../../tools/src/index.ts";

/** The configuration of a stack, key by key. */
export type Settings = Readonly<Record<string, string>>;

/** The hosts of one lab, and a folder for everything that a run of the suite makes on this machine. */
export interface Workspace {
  readonly lab: string;
  readonly folder: string;
  readonly hosts: readonly { readonly name: string; readonly address: string; readonly hostKey: string }[];
  readonly inventoryFile: string;
  /** Pulumi's tools on the PATH, and a backend in the folder. */
  readonly env: NodeJS.ProcessEnv;
  /** What the example cloud needs to be told on these hosts. */
  readonly settings: Settings;
}

/** While writing tests: a folder named here is kept with the lab, and the next run goes on from both. */
const keptFolder = process.env["TOROCLOUD_TEST_FOLDER"];

/** The lab that is the suite's alone. */
const lab = process.env["TOROCLOUD_TEST_LAB"] ?? "test";

/** Makes the lab anew, and a Pulumi backend that knows of nothing. */
export async function openWorkspace(log: (line: string) => void): Promise<Workspace> {
  const folder = keptFolder ?? (await mkdtemp(join(tmpdir(), "torocloud-test-")));
  await mkdir(join(folder, "state"), { recursive: true });
  if (keptFolder === undefined) await labDown({ name: lab, log });
  const pulumi = await ensurePulumi();
  const [info, vhostDeviceVsock, image] = await Promise.all([
    labUp({ name: lab, log, ensurePackages: async (names) => ensureDebianPackages(names) }),
    ensureVhostDeviceVsock(),
    ensureDemoImage(),
  ]);
  return {
    lab,
    folder,
    hosts: info.hosts,
    inventoryFile: info.inventoryFile,
    env: environment(toolEnvironment(pulumi), folder),
    settings: {
      "torocloud:inventory": info.inventoryFile,
      "torocloud:onDelete": "destroyData",
      "torocloud:vhostDeviceVsock": vhostDeviceVsock,
      kernel: join(image, "vmlinux"),
      initramfs: join(image, "initramfs"),
      osdSizeGiB: "4",
    },
  };
}

/** Nothing of the user's Pulumi is read or written: not the backend, not the login, not the passphrase. */
function environment(tools: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const rest = Object.entries(tools).filter(
    ([name]) => !name.startsWith("PULUMI_ACCESS") && !name.startsWith("PULUMI_CONFIG_"),
  );
  return {
    ...Object.fromEntries(rest),
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "of the suite's own backend",
    PULUMI_DEBUG_COMMANDS: "true", // for --event-log
  };
}

/** Takes the stacks, the hosts and the folder away, as many as there are. */
export async function closeWorkspace(
  workspace: Workspace | undefined,
  forgetStacks: () => Promise<void>,
): Promise<void> {
  if (keptFolder !== undefined) return;
  try {
    await forgetStacks();
  } finally {
    await labDown({ name: lab }); // also half of one
    if (workspace !== undefined) await rm(workspace.folder, { recursive: true, force: true });
  }
}

/** The address of a host. */
export function addressOf({ hosts }: Workspace, name: string): string {
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`the lab has no host ${name}`);
  return host.address;
}

/** A folder of files of the suite's own; its path. */
export async function writeFolder(
  { folder }: Workspace,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content);
  return path;
}
