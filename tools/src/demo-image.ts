import { join } from "node:path";
import { run } from "./command.ts";
import { cacheFolder, checkoutFolder } from "./folders.ts";
import { say, step } from "./report.ts";

/** Makes the demo image in the checkout, where the example cloud looks for it. */
export async function image(): Promise<number> {
  say(`The demo image is in ${await ensureDemoImage(join(checkoutFolder, "images", "demo", "out"))}`);
  return 0;
}

/** The folder with the demo guest's `vmlinux` and `initramfs`; made from Debian's kernel package and a Go program, once. */
export async function ensureDemoImage(folder?: string): Promise<string> {
  const cache = join(cacheFolder(), "demo-image");
  const out = folder ?? join(cache, "current");
  const script = join(checkoutFolder, "images", "demo", "build.sh");
  return step("Making the demo image (20 seconds, once)", async (note) => {
    const onStderr = (text: string): void => {
      note(text.trim().split("\n").at(-1) ?? "");
    };
    await run({ argv: ["sh", script, out, cache], onStderr });
    return out;
  });
}
