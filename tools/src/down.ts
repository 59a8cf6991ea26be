import { ToolError } from "./errors.ts";

/** Takes the example cloud down and returns an exit code. */
export async function down(args: readonly string[]): Promise<number> {
  throw new ToolError(
    `\`npm run down ${args.join(" ")}\` is not written yet. Type: npm run pulumi -- --help`,
  );
}
