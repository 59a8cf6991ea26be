import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { registry } from "@torocloud/provider";
import { ToolError } from "./errors.ts";
import { checkoutFolder } from "./folders.ts";
import { labName } from "./lab-name.ts";
import { openLabStack } from "./lab-stack.ts";
import { say } from "./report.ts";

type Props = Readonly<Record<string, unknown>>;

interface StateResource extends Props {
  readonly inputs?: Props;
  readonly outputs?: Props;
}

interface State {
  readonly version: number;
  readonly deployment: { readonly manifest: Props; readonly resources: readonly StateResource[] };
}

/** The recording's own small files, which stand in for those that the lab's cloud was made of. */
const standIns: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "torocloud:microvm:Image": { kernel: "files/kernel", initramfs: "files/initramfs" },
  "torocloud:microvm:Hypervisor": { vhostDeviceVsock: "files/vhost-device-vsock" },
  "torocloud:microvm:SharedFiles": { folder: "site" },
};

/**
 * `record VERSION [--name LAB]` writes the state of a lab's example cloud to test/recordings/VERSION, as this version
 * leaves it behind. The folder has the program, the inventory and the files that the state is then compared with.
 */
export async function record([version, ...args]: readonly string[]): Promise<number> {
  if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new ToolError("Say which version this is: npm run record -- 0.2.0 --name LAB");
  }
  const stack = await openLabStack(labName(args));
  const state = JSON.parse(await stack.output("stack", "export")) as State;
  process.chdir(join(checkoutFolder, "test", "recordings", version)); // files are named relative to Pulumi.yaml
  const { resources } = state.deployment;
  const sources = new Map(resources.flatMap(({ inputs }) => sourceOf(inputs)));
  const recording = {
    version: state.version,
    deployment: { manifest: state.deployment.manifest, resources: resources.map(recorded) },
    sources: Object.fromEntries(sources),
  };
  const text = replacements(resources).reduce(
    (all, [from, to]) => all.replaceAll(from, to),
    JSON.stringify(recording, undefined, 1),
  );
  await writeFile("state.json", `${text}\n`);
  say(`test/recordings/${version}/state.json: ${String(resources.length)} resources.`);
  return 0;
}

/** The provider's source is the same for all resources of a type, and is kept once. */
function sourceOf(props: Props = {}): [string, string][] {
  const { __provider: source } = props;
  return typeof source === "string" ? [[typeOf(source), source]] : [];
}

function typeOf(source: string): string {
  return /"(torocloud:\w+:\w+)"/.exec(source)?.[1] ?? "";
}

/** What says only when and where it was written. */
const passing: ReadonlySet<string> = new Set(["created", "modified", "sourcePosition", "stackTrace"]);

function recorded(resource: StateResource): Props {
  const lasting = Object.entries(resource).filter(([field]) => !passing.has(field));
  return { ...Object.fromEntries(lasting), inputs: terse(resource.inputs), outputs: terse(resource.outputs) };
}

function terse(props: Props | undefined): Props | undefined {
  const [known] = sourceOf(props);
  return known ? { ...props, __provider: known[0] } : props;
}

/** What is derived from files, by today's rules: from the lab's to what the recording's own lead to. */
function replacements(resources: readonly StateResource[]): (readonly [string, string])[] {
  const pairs = resources.flatMap(({ inputs = {} }) => {
    const [[type] = [""]] = sourceOf(inputs);
    const local = standIns[type];
    if (!local) return [];
    const derived = Object.entries(registry.get(type)?.derive ?? {}).map(
      ([field, derive]) => [field, derive({ ...inputs, ...local })] as const,
    );
    const now = [...Object.entries(local), ...derived];
    return now.map(([field, value]) => [inputs[field] as string, value as string] as const);
  });
  const inventory = resources.flatMap(({ inputs }) => inputs?.["inventory"] ?? [])[0] as string;
  return [...new Map([[inventory, "inventory.yaml"] as const, ...pairs])];
}
