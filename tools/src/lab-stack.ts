import { join } from "node:path";
import { runAttached } from "./attached-command.ts";
import { run } from "./command.ts";
import { ensureDebianPackages } from "./debian-packages.ts";
import { ToolFailed } from "./errors.ts";
import { ensureDemoImage } from "./demo-image.ts";
import { checkoutFolder } from "./folders.ts";
import { resumeInterrupted } from "./interrupted/resume.ts";
import { pulumiEnvironment } from "./pulumi-environment.ts";
import { ensurePulumi } from "./pulumi.ts";
import { say, step } from "./report.ts";
import { ensureVhostDeviceVsock } from "./vhost-device-vsock.ts";

/** The example cloud as a stack of its own on the hosts of a lab. */
export interface LabStack {
  readonly lab: string;
  /** The stack's name. */
  readonly stack: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs Pulumi on the stack with the person's terminal; gives its exit code. */
  attached(command: string, ...args: readonly string[]): Promise<number>;
  /** Runs Pulumi on the stack and gives its standard output. Throws ToolFailed. */
  output(command: string, ...args: readonly string[]): Promise<string>;
}

/** The stack of a lab: `lab-default` on the lab `default`. */
export async function openLabStack(lab: string): Promise<LabStack> {
  const pulumi = await ensurePulumi();
  const env = await pulumiEnvironment(pulumi);
  const stack = `lab-${lab}`;
  const argv = (args: readonly string[]): [string, ...string[]] => [
    pulumi.command,
    ...args,
    "--stack",
    stack,
    "--cwd",
    checkoutFolder,
  ];
  return {
    lab,
    stack,
    env,
    attached: async (...args) => {
      await resumeInterrupted({ command: pulumi.command, args: argv(args), cwd: checkoutFolder, env });
      return runAttached({ argv: argv(args), cwd: checkoutFolder, env });
    },
    output: async (...args) => run({ argv: argv(args), cwd: checkoutFolder, env }),
  };
}

/** Where Pulumi keeps the settings of a lab's stack. */
export function settingsFile(lab: string): string {
  return join(checkoutFolder, `Pulumi.lab-${lab}.yaml`);
}

/** Drops the stack's state and settings, as its hosts are gone; nothing where there is none. */
export async function forgetStack(stack: LabStack): Promise<void> {
  try {
    await stack.output("stack", "rm", "--yes", "--force");
  } catch (error) {
    if (!(error instanceof ToolFailed) || !error.message.includes("no stack named")) throw error;
  }
}

/** Settings of the example cloud, over those that suit a lab. */
export type CloudSettings = Readonly<Record<string, string>>;

/** Installs and builds what is missing, makes the hosts, and configures the stack for them. */
export async function prepareLabStack(lab: string, settings: CloudSettings = {}): Promise<LabStack> {
  const { inventoryFile, labList, labUp } = await import("@torocloud/lab");
  const known = (await labList()).some(({ name }) => name === lab);
  const hosts = step(`Bringing up the hosts of lab ${lab}`, async () =>
    labUp({ name: lab, log: say, ensurePackages: async (names) => ensureDebianPackages(names) }),
  );
  const [stack, vhostDeviceVsock, image] = await Promise.all([
    openLabStack(lab),
    ensureVhostDeviceVsock(),
    ensureDemoImage(),
    hosts,
  ]);
  // A state that is left from hosts of the same name would hide that these have nothing yet.
  if (!known) await forgetStack(stack);
  await stack.output("stack", "select", "--create");
  await configure(stack, {
    "torocloud:inventory": inventoryFile(lab),
    "torocloud:onDelete": "destroyData",
    "torocloud:vhostDeviceVsock": vhostDeviceVsock,
    kernel: join(image, "vmlinux"),
    initramfs: join(image, "initramfs"),
    osdSizeGiB: "4",
    ...settings,
  });
  return stack;
}

/** Sets the stack's configuration. */
export async function configure(stack: LabStack, settings: CloudSettings): Promise<void> {
  const pairs = Object.entries(settings).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
  await stack.output("config", "set-all", ...pairs);
}
