import { parseArgs } from "node:util";
import { ToolError } from "./errors.ts";

/** The lab that a command's arguments ask for with `--name`; "default" unless told. */
export function labName(args: readonly string[]): string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { name: { type: "string", default: "default" } },
    });
    return values.name;
  } catch (error) {
    throw new ToolError(`${error instanceof Error ? error.message : String(error)}. Expected: [--name LAB]`);
  }
}
