import { readFile } from "node:fs/promises";
import { dynamicLifecycle, identify, registry } from "@torocloud/provider";
import type { Finding, Properties, StateResource } from "./take-over.ts";

// A program of its own, in the folder of Pulumi.yaml: connections that it opens end with it. Its argument is a file with the
// resources to look for; it prints the findings.
const [file = ""] = process.argv.slice(2);
const resources = JSON.parse(await readFile(file, "utf8")) as readonly StateResource[];
process.stdout.write(JSON.stringify(await Promise.all(resources.map(look))), () => process.exit(0));

/** By its marker alone: what has none, or another stack's, is not taken for ours. */
async function look({ urn, type, inputs = {} }: StateResource): Promise<Finding> {
  const name = type.slice(type.lastIndexOf(":") + 1);
  const full = [...registry.keys()].find((known) => known.endsWith(`:${name}`)) ?? type;
  try {
    const known = identify(full, inputs);
    if (known === undefined) return { urn, error: "its inputs do not tell which it is" };
    const read = await dynamicLifecycle(full).read(known.place, common(inputs));
    if (read.id === "") return { urn, absent: true };
    return { urn, id: known.id, outputs: { ...(read.props as Properties), ...source(inputs) } };
  } catch (error) {
    return { urn, error: error instanceof Error ? error.message : String(error) };
  }
}

function common({ inventory, owner, onDelete }: Properties): Record<string, unknown> {
  return { inventory, owner, onDelete };
}

/** Where Pulumi keeps the provider's code. */
function source({ __provider }: Properties): Properties {
  return { __provider };
}
