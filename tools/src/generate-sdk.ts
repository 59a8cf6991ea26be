import { readFileSync, writeFileSync } from "node:fs";
import { inventorySchema, registry } from "@torocloud/provider";
import { format } from "prettier";
import { driftTables, everywhere } from "./drift/index.ts";
import { renderDriftPage } from "./render-drift.ts";
import { withFieldTable } from "./render-inventory.ts";
import { renderModule } from "./render-sdk.ts";

const root = new URL("../../", import.meta.url);

/** The files that are generated, wholly or in part, from the provider's definitions and the table of drift. */
async function generatedFiles(): Promise<ReadonlyMap<URL, string>> {
  return new Map([...(await resourceClasses()), ...(await inventoryFiles()), ...(await driftPage())]);
}

async function resourceClasses(): Promise<readonly (readonly [URL, string])[]> {
  const modules = new Set([...registry.values()].map(moduleOf));
  const files = [...modules].map(async (module) => {
    const resources = [...registry.values()].filter((resource) => moduleOf(resource) === module);
    const source = await format(renderModule(resources), { parser: "typescript", printWidth: 110 });
    return [new URL(`sdk/src/${module}.ts`, root), source] as const;
  });
  return Promise.all(files);
}

async function inventoryFiles(): Promise<readonly (readonly [URL, string])[]> {
  const schema = inventorySchema();
  const page = new URL("docs/inventory.md", root);
  const table = withFieldTable(readFileSync(page, "utf8"), schema);
  return [
    [
      new URL("sdk/inventory.schema.json", root),
      await format(JSON.stringify(schema), { parser: "json", printWidth: 110 }),
    ],
    [page, await format(table, { parser: "markdown", printWidth: 110 })],
  ];
}

async function driftPage(): Promise<readonly (readonly [URL, string])[]> {
  const page = renderDriftPage(everywhere, driftTables, registry);
  return [[new URL("docs/drift.md", root), await format(page, { parser: "markdown", printWidth: 110 })]];
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
