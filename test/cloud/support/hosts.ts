import { labExec } from "../../../lab/src/index.ts";
import type { Workspace } from "./workspace.ts";

/** Runs a shell script on a host and returns what it printed; throws when it fails. */
export async function onHost({ lab }: Workspace, host: string, script: string): Promise<string> {
  const options = { name: lab, host, command: ["sh -eu -s"], stdin: script, timeoutSeconds: 180 };
  const { exitCode, stdout, stderr } = await labExec(options);
  if (exitCode === 0) return stdout;
  throw new Error(`${host}: exit code ${exitCode} from:\n${script}\n${stderr}`);
}

/** Runs a script on every host at once; what each printed, by host. */
export async function onEveryHost(
  workspace: Workspace,
  script: string,
): Promise<ReadonlyMap<string, string>> {
  const answers = workspace.hosts.map(
    async ({ name }) => [name, await onHost(workspace, name, script)] as const,
  );
  return new Map(await Promise.all(answers));
}

/** What a command of Ceph's answers, asked on its first node. */
export async function askCeph(workspace: Workspace, command: string): Promise<unknown> {
  return JSON.parse(await onHost(workspace, "node1", `timeout 60 ceph ${command} --format json`));
}

/** Every key that any file on the hosts, or the cluster itself, holds. */
export async function cephKeys(workspace: Workspace): Promise<readonly string[]> {
  const files = await onEveryHost(
    workspace,
    "grep -rhoE '[A-Za-z0-9+/]{38}==' /etc/ceph /etc/torocloud /var/lib/torocloud /var/lib/ceph/*/*/keyring 2>/dev/null || :",
  );
  const listed = await onHost(workspace, "node1", "ceph auth ls 2>/dev/null | sed -n 's/^.*key: //p'");
  return [...new Set([...files.values(), listed].flatMap((text) => text.split("\n")).filter(Boolean))];
}
