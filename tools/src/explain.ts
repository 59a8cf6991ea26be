import { closeConnections, explain as explainResource, registry } from "@torocloud/provider";
import { run } from "./command.ts";
import { ToolError } from "./errors.ts";
import { pulumiEnvironment } from "./pulumi-environment.ts";
import { ensurePulumi } from "./pulumi.ts";

type Props = Readonly<Record<string, unknown>>;

/** What Pulumi's preview says of one resource; of its JSON, only what is needed. */
interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: { readonly id?: string; readonly outputs?: Props };
  readonly newState?: { readonly id?: string; readonly inputs?: Props };
}

/**
 * `explain ID [pulumi's arguments]`: what the next `up` would do for one resource, step by step, on which host, without doing it.
 * ID is the resource's id ("guest/web-0"), how a preview names it ("host1/guest/web-0"), its name in the program, or its URN.
 */
export async function explain([id, ...args]: readonly string[]): Promise<number> {
  if (id === undefined)
    throw new ToolError("Say of which resource: npm run explain -- host1/guest/web-0 [--stack NAME]");
  const tool = await ensurePulumi();
  const env = await pulumiEnvironment(tool);
  const preview = await run({
    argv: [tool.command, "preview", "--json", "--non-interactive", ...args],
    env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "false" },
  });
  const { steps = [] } = JSON.parse(preview.slice(preview.indexOf("{"))) as {
    steps?: readonly PreviewStep[];
  };
  const meant = steps.filter((step) => isMeant(step, id));
  if (meant.length === 0) throw new ToolError(`The program has no resource ${id}.`);
  try {
    for (const step of meant) await tell(step);
  } finally {
    await closeConnections();
  }
  return 0;
}

function isMeant({ urn, oldState, newState }: PreviewStep, id: string): boolean {
  const known = [urn, urn.slice(urn.lastIndexOf("::") + 2), oldState?.id, newState?.id];
  // What may move has no host in its id; a preview names it with its host all the same.
  const place = `${String(oldState?.outputs?.["host"])}/${String(oldState?.id)}`;
  return [...known, place].includes(id);
}

async function tell({ op, urn, oldState, newState }: PreviewStep): Promise<void> {
  const inputs = newState?.inputs ?? oldState?.outputs ?? {};
  const lines = await explainResource(typeOf(urn, inputs), { op, inputs, state: oldState?.outputs });
  process.stdout.write(`${lines.join("\n  ")}\n`);
}

function typeOf(urn: string, inputs: Readonly<Record<string, unknown>>): string {
  const type = /"(torocloud:\w+:\w+)"/.exec(String(inputs["__provider"]))?.[1];
  if (type === undefined || !registry.has(type)) throw new ToolError(`${urn} is nothing on a host.`);
  return type;
}
