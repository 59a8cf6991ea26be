import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const path = (relative: string): string => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

/** The rooms that make connections, as JavaScript in `folder`/provider/src, for a process without vitest. */
export function compiledSources(folder: string): string {
  const target = join(folder, "provider", "src");
  const { module, target: level } = { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 };
  for (const room of ["ssh", "inventory", "keys", "validation", "host-program"]) {
    const source = path(`provider/src/${room}`);
    for (const name of readdirSync(source, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const compilerOptions = { module, target: level, rewriteRelativeImportExtensions: true };
      const { outputText } = ts.transpileModule(readFileSync(join(source, name), "utf8"), {
        compilerOptions,
      });
      const file = join(target, room, name.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, outputText);
    }
  }
  writeFileSync(join(target, "package.json"), '{ "type": "module" }');
  symlinkSync(path("node_modules"), join(target, "node_modules"));
  symlinkSync(path("provider/host-program"), join(folder, "provider", "host-program"));
  return target;
}
