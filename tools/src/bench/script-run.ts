import { join } from "node:path";
import { run } from "../command.ts";
import { ensureDemoImage } from "../demo-image.ts";
import { checkoutFolder } from "../folders.ts";
import { step } from "../report.ts";
import { ensureVhostDeviceVsock } from "../vhost-device-vsock.ts";
import type { FreshLab } from "./bench-lab.ts";
import type { PhaseStep } from "./phases.ts";
import { parseScriptSteps } from "./script-steps.ts";

/** One run of bench/plain-up.sh, from the command to its end. */
export interface ScriptRun {
  readonly seconds: number;
  readonly steps: readonly PhaseStep[];
}

/** Brings the example cloud up with bench/plain-up.sh and measures it. Throws ToolFailed when it fails. */
export async function scriptUp(lab: FreshLab): Promise<ScriptRun> {
  const argv = await scriptArguments(lab);
  const began = performance.now();
  const output = await step("Bringing the cloud up with a plain script", async () =>
    run({ argv, cwd: checkoutFolder }),
  );
  return { seconds: (performance.now() - began) / 1000, steps: parseScriptSteps(output) };
}

async function scriptArguments({ stack, nodes, clients }: FreshLab): Promise<[string, ...string[]]> {
  const { sshConfigFile } = await import("@torocloud/lab");
  const [vsockDevice, image] = [await ensureVhostDeviceVsock(), await ensureDemoImage()];
  const assets = join(checkoutFolder, "provider", "assets");
  return [
    join(checkoutFolder, "bench", "plain-up.sh"),
    ...["--ssh-config", sshConfigFile(stack.lab)],
    ...nodes.flatMap(({ name, address }) => ["--node", `${name}=${address}`]),
    ...clients.flatMap(({ name }) => ["--host", name]),
    ...["--vsock-device", vsockDevice],
    ...["--forwarder", join(assets, "forward.py")],
    ...["--kvm-probe", join(assets, "kvm-probe.base64")],
    ...["--kernel", join(image, "vmlinux"), "--initramfs", join(image, "initramfs")],
    ...["--site", join(checkoutFolder, "examples", "cloud", "site")],
  ];
}
