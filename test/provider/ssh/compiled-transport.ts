import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The layer as JavaScript in `folder`/compiled, for a process without vitest. */
export function compiledTransport(folder: string): string {
  const source = fileURLToPath(new URL("../../../provider/src/", import.meta.url));
  const target = join(folder, "compiled");
  const { module, target: level } = { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 };
  for (const layer of ["transport", "host"]) {
    mkdirSync(join(target, layer), { recursive: true });
    for (const name of readdirSync(join(source, layer))) {
      const compilerOptions = { module, target: level, rewriteRelativeImportExtensions: true };
      const text = readFileSync(join(source, layer, name), "utf8");
      const { outputText } = ts.transpileModule(text, { compilerOptions });
      writeFileSync(join(target, layer, name.replace(/\.ts$/, ".js")), outputText);
    }
  }
  writeFileSync(join(target, "package.json"), '{ "type": "module" }');
  symlinkSync(fileURLToPath(new URL("../../../node_modules", import.meta.url)), join(target, "node_modules"));
  return target;
}
