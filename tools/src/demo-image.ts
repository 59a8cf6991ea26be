import { join } from "node:path";
import { run } from "./command.ts";
import { cacheFolder, checkoutFolder } from "./folders.ts";
import { step } from "./report.ts";

/** The folder with the demo guest's `vmlinux` and `initramfs`; made from Debian's kernel package and a Go program, once. */
export async function ensureDemoImage(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = join(cacheFolder(env), "demo-image");
  const out = join(folder, "current");
  const script = join(checkoutFolder, "images", "demo", "build.sh");
  return step("Making the demo image (20 seconds, once)", async (note) => {
    const onStderr = (text: string): void => {
      note(text.trim().split("\n").at(-1) ?? "");
    };
    await run({ argv: ["sh", script, out, folder], env, onStderr });
    return out;
  });
}
