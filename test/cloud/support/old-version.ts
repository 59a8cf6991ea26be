import { cp, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runAttached } from "../../../tools/src/attached-command.ts";
import { checkoutFolder } from "../../../tools/src/folders.ts";
import type { Workspace } from "./workspace.ts";

const recordings = join(checkoutFolder, "test", "recordings");
const packages = ["provider", "sdk"];

/** A project of a person who has an older version installed, as npm had it; its folder. */
export async function projectWith(version: string, { folder, settings, env }: Workspace): Promise<string> {
  const project = join(folder, `with-${version}`);
  const modules = join(project, "node_modules");
  await mkdir(join(modules, "@torocloud"), { recursive: true });
  await mkdir(join(project, "files"));
  for (const file of ["index.mjs", "package.json", "site"])
    await cp(join(recordings, version, file), join(project, file), { recursive: true });
  await writeFile(join(project, "Pulumi.yaml"), "name: upgraded\nruntime: nodejs\nmain: index.mjs\n");
  for (const file of ["kernel", "initramfs"])
    await symlink(settings[file] ?? "", join(project, "files", file));
  for (const name of await readdir(join(checkoutFolder, "node_modules")))
    if (name !== "@torocloud") await symlink(join(checkoutFolder, "node_modules", name), join(modules, name));
  for (const name of packages) {
    const place = join(modules, "@torocloud", name);
    await mkdir(place);
    const archive = join(recordings, version, `${name}.tgz`);
    const argv = [
      "tar",
      "--extract",
      "--file",
      archive,
      "--directory",
      place,
      "--strip-components",
      "1",
    ] as const;
    await runAttached({ argv, cwd: project, env });
  }
  return project;
}

/** Installs today's version there. */
export async function upgrade(project: string): Promise<void> {
  for (const name of packages) {
    const place = join(project, "node_modules", "@torocloud", name);
    await rm(place, { recursive: true });
    await symlink(join(checkoutFolder, name), place);
  }
}
