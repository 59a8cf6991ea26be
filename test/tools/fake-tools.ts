import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new empty folder for one test. */
export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "torocloud-tools-"));
}

/** A folder for a PATH that holds nothing but these shell scripts, by name. */
export async function fakePath(scripts: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(await temporaryFolder(), "bin");
  await mkdir(folder);
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}

/** Collects what a reporter writes. */
export class Lines {
  text = "";
  write(text: string): void {
    this.text += text;
  }
}
