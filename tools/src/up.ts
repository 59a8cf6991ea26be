import { ToolError } from "./errors.ts";

/** Brings the example cloud up and returns an exit code. */
export async function up(args: readonly string[]): Promise<number> {
  throw new ToolError(`\`npm run up ${args.join(" ")}\` is not written yet. Type: npm run pulumi -- --help`);
}
