import { readFileSync, writeFileSync } from "node:fs";
import { registry } from "@torocloud/provider";
import { format } from "prettier";
import { renderModule } from "./render-sdk.ts";

/** The SDK's files of resource classes, by path: generated from the provider's definitions. */
async function generatedFiles(): Promise<ReadonlyMap<URL, string>> {
  const modules = new Set([...registry.values()].map(moduleOf));
  const files = [...modules].map(async (module) => {
    const resources = [...registry.values()].filter((resource) => moduleOf(resource) === module);
    const source = await format(renderModule(resources), { parser: "typescript", printWidth: 110 });
    return [new URL(`../../sdk/src/${module}.ts`, import.meta.url), source] as const;
  });
  return new Map(await Promise.all(files));
}

const check = process.argv.includes("--check");
for (const [path, source] of await generatedFiles()) {
  if (!check) writeFileSync(path, source);
  else if (readFileSync(path, "utf8") !== source) {
    process.stderr.write(`${path.pathname} is not what the definitions say; run: npm run generate\n`);
    process.exitCode = 1;
  }
}

function moduleOf({ type }: { readonly type: string }): string {
  return type.split(":")[1] ?? "";
}
