import { ensureDebianPackages } from "./debian-packages.ts";
import { checkoutFolder } from "./folders.ts";
import { toolEnvironment } from "./pulumi-environment.ts";
import { ensurePulumi } from "./pulumi.ts";

/** Kills, reboots, pauses and cuts off what brings a cloud up, changes it and destroys it; test/kill tells how. */
export async function testKill(args: readonly string[]): Promise<number> {
  Object.assign(process.env, toolEnvironment(await ensurePulumi()));
  await ensureDebianPackages(["openssh-client"]);
  const { createViteServer } = await import("vitest/node");
  // The campaign is a test and stays uncompiled, as the others do.
  const server = await createViteServer({
    root: checkoutFolder,
    configFile: false,
    logLevel: "error",
    appType: "custom",
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { main } = (await server.ssrLoadModule("/test/kill/main.ts")) as {
      readonly main: (args: readonly string[]) => Promise<number>;
    };
    return await main(args);
  } finally {
    await server.close();
  }
}
