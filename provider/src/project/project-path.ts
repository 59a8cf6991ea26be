import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { homedir } from "node:os";

/**
 * A path as a program or its configuration gives it, made absolute: `~` is the home directory, anything relative is
 * relative to the folder of Pulumi.yaml, so that state means the same on every machine.
 */
export function projectPath(path: string): string {
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : resolve(projectFolder(process.cwd()), path);
}

function projectFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Pulumi.yaml")) || existsSync(join(folder, "Pulumi.yml"))) return folder;
    if (dirname(folder) === folder) return start;
  }
}
